import { join } from 'node:path';
import { entries, readCount, readList, readText } from './files.ts';

/** CpuPlace: where a CPU sits. */
export interface CpuPlace {
  readonly cpu: number;
  readonly core: number;
  readonly die: number;
  readonly package: number;
  readonly numa_node: number | null;
}

/** CacheSummary: all caches of one level: their size as sysfs writes it, and the CPUs that share each. */
export interface CacheSummary {
  readonly level: string;
  readonly size: string;
  readonly instances: number;
  readonly shared_cpus: number[][];
}

const cpuFolder = 'sys/devices/system/cpu';

/** readCpuTopology: the place of each online CPU. */
export function readCpuTopology(root: string): CpuPlace[] {
  return readList(join(root, cpuFolder, 'online')).map((cpu) => {
    const folder = join(root, cpuFolder, `cpu${cpu}`);
    const socket = readCount(join(folder, 'topology/physical_package_id')) ?? 0;
    const node = entries(folder).find((name) => /^node\d+$/.test(name));
    return {
      cpu,
      core: readCount(join(folder, 'topology/core_id')) ?? cpu,
      die: readCount(join(folder, 'topology/die_id')) ?? socket,
      package: socket,
      numa_node: node === undefined ? null : Number(node.slice(4)),
    };
  });
}

/** readCaches: L1d, L1i, L2 and L3; each cache is counted once, by the first CPU that shares it. */
export function readCaches(root: string): CacheSummary[] {
  const caches = new Map<string, { size: string; sharers: Map<number, number[]> }>();
  for (const cpu of readList(join(root, cpuFolder, 'online'))) {
    for (const index of [0, 1, 2, 3]) {
      const folder = join(root, cpuFolder, `cpu${cpu}/cache/index${index}`);
      const level = readText(join(folder, 'level'));
      const shared = readList(join(folder, 'shared_cpu_list'));
      if (level === null || shared.length === 0) continue;
      const name = `L${level}${suffix(readText(join(folder, 'type')))}`;
      const cache = caches.get(name) ?? {
        size: readText(join(folder, 'size')) ?? '',
        sharers: new Map<number, number[]>(),
      };
      cache.sharers.set(shared[0]!, shared);
      caches.set(name, cache);
    }
  }
  return Array.from(caches, ([level, { size, sharers }]) => ({
    level,
    size,
    instances: sharers.size,
    shared_cpus: [...sharers.values()],
  }));
}

function suffix(type: string | null): string {
  return type === 'Data' ? 'd' : type === 'Instruction' ? 'i' : '';
}
