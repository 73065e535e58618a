import { ABI, defineSampler } from '@rezolus/core';
import { ProcTable } from '../proc-table.ts';
import { keys, meminfoRead } from './metrics.ts';

const path = '/proc/meminfo';

/** memoryMeminfo: how much memory there is and what it is used for. */
export const memoryMeminfo = defineSampler({
  name: 'memory_meminfo',
  abi: ABI,
  description: 'Memory size and use',
  groups: [meminfoRead],
  create(context) {
    const table = new ProcTable(path, keys);
    table.refresh();
    const present = keys.map((_, index) => index).filter((index) => table.value(index) !== null);
    const names = new Set(present.map((index) => meminfoRead.metrics[index]!.name));
    const group = context.group(meminfoRead.name, (metric) => names.has(metric.name));
    return {
      groups: [group],
      refresh() {
        group.beginRead();
        table.refresh();
        // The file says kB and means 1024 bytes.
        for (const [slot, index] of present.entries())
          group.gauges[slot] = BigInt((table.value(index) ?? 0) * 1024);
        group.endRead();
      },
      report: () => ({ route: path }),
      async [Symbol.asyncDispose]() {
        table[Symbol.dispose]();
      },
    };
  },
});
