import { ABI, defineSampler, UnsupportedError } from '@rezolus/core';
import { ProcTable } from '../proc-table.ts';
import { keys, vmstatRead } from './metrics.ts';

const path = '/proc/vmstat';

/** memoryVmstat: how well memory is placed on NUMA nodes. */
export const memoryVmstat = defineSampler({
  name: 'memory_vmstat',
  abi: ABI,
  description: 'Placement of pages on NUMA nodes',
  groups: [vmstatRead],
  create(context) {
    const table = new ProcTable(path, keys);
    table.refresh();
    const present = keys.map((_, index) => index).filter((index) => table.value(index) !== null);
    if (present.length === 0) {
      table[Symbol.dispose]();
      throw new UnsupportedError(
        'NUMA statistics',
        `${path} has no numa_* lines: the kernel was built without NUMA`,
      );
    }
    const names = new Set(present.map((index) => vmstatRead.metrics[index]!.name));
    const group = context.group(vmstatRead.name, (metric) => names.has(metric.name));
    return {
      groups: [group],
      refresh() {
        group.beginRead();
        table.refresh();
        for (const [slot, index] of present.entries()) group.counters[slot] = BigInt(table.value(index) ?? 0);
        group.endRead();
      },
      report: () => ({ route: path }),
      async [Symbol.asyncDispose]() {
        table[Symbol.dispose]();
      },
    };
  },
});
