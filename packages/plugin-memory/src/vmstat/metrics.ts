import type { GroupDeclaration } from '@rezolus/core';

/** Keys of /proc/vmstat, with their separator. */
export const keys = [
  'numa_hit ',
  'numa_miss ',
  'numa_foreign ',
  'numa_interleave ',
  'numa_local ',
  'numa_other ',
] as const;

const counter = (name: string, description: string) => ({ name, kind: 'counter', description }) as const;

/** Order of the metrics = order of `keys`. */
export const vmstatRead: GroupDeclaration = {
  name: 'memory_vmstat_read',
  per: 'host',
  metrics: [
    counter('memory_numa_hit', 'Pages allocated on the node that was asked for'),
    counter('memory_numa_miss', 'Pages allocated on another node than the one asked for'),
    counter('memory_numa_foreign', 'Pages asked for on this node but allocated on another'),
    counter('memory_numa_interleave', 'Pages allocated on the node that interleaving asked for'),
    counter('memory_numa_local', 'Pages allocated on the node of the CPU that asked'),
    counter('memory_numa_other', 'Pages allocated on another node than that of the CPU that asked'),
  ],
};
