import { join } from 'node:path';
import { type CacheSummary, type CpuPlace, readCaches, readCpuTopology } from './cpus.ts';
import { type GpuSummary, type NicSummary, readGpus, readNics } from './devices.ts';
import { readCount, readList, readText } from './files.ts';

/** SystemSummary: what `/systeminfo` says of the machine, in the original's field names. */
export interface SystemSummary {
  readonly os: 'linux';
  /** The whole line of /proc/version. */
  readonly kernel: string;
  readonly arch: string;
  readonly hostname: string;
  readonly cpu_model: string | null;
  readonly cpu_vendor: string | null;
  /** Online CPUs. */
  readonly cpus: number;
  readonly cores: number;
  readonly packages: number;
  readonly smt: boolean;
  readonly memory_total_bytes: number;
  readonly numa_nodes: number;
  readonly cpu_topology: readonly CpuPlace[];
  readonly caches: readonly CacheSummary[];
  readonly nics: readonly NicSummary[];
  readonly gpus: readonly GpuSummary[];
}

const architectures: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** readSystemInfo: the summary of the machine whose /proc and /sys are under `root`. */
export function readSystemInfo(root = '/'): SystemSummary {
  const cpuinfo = readText(join(root, 'proc/cpuinfo')) ?? '';
  const memory = /^MemTotal:\s+(\d+) kB$/m.exec(readText(join(root, 'proc/meminfo')) ?? '');
  const topology = readCpuTopology(root);
  return {
    os: 'linux',
    kernel: readText(join(root, 'proc/version')) ?? '',
    arch: architectures[process.arch] ?? process.arch,
    hostname: readText(join(root, 'proc/sys/kernel/hostname')) ?? '',
    cpu_model: field(cpuinfo, 'model name'),
    cpu_vendor: field(cpuinfo, 'vendor_id'),
    cpus: topology.length,
    cores: new Set(topology.map((place) => `${place.package}/${place.core}`)).size,
    packages: new Set(topology.map((place) => place.package)).size,
    smt: readCount(join(root, 'sys/devices/system/cpu/smt/active')) === 1,
    memory_total_bytes: Number(memory?.[1] ?? 0) * 1024,
    numa_nodes: Math.max(1, readList(join(root, 'sys/devices/system/node/online')).length),
    cpu_topology: topology,
    caches: readCaches(root),
    nics: readNics(root),
    gpus: readGpus(root),
  };
}

/** field: the first value of a key of /proc/cpuinfo. */
function field(cpuinfo: string, key: string): string | null {
  return new RegExp(`^${key}\\s*:\\s*(.*)$`, 'm').exec(cpuinfo)?.[1] ?? null;
}
