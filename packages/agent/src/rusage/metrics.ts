import type { GroupDeclaration } from '@rezolus/core';

/** main: what the agent itself uses. */
export const main: GroupDeclaration = {
  name: 'main',
  per: 'host',
  metrics: [
    {
      name: 'rezolus_cpu_usage',
      kind: 'counter',
      unit: 'nanoseconds',
      labels: { state: 'user' },
      description: 'The amount of CPU time the agent was executing',
    },
    {
      name: 'rezolus_cpu_usage',
      kind: 'counter',
      unit: 'nanoseconds',
      labels: { state: 'system' },
      description: 'The amount of CPU time the agent was executing',
    },
    {
      name: 'rezolus_memory_page_reclaims',
      kind: 'counter',
      description: 'The number of page faults of the agent that were served without I/O',
    },
    {
      name: 'rezolus_memory_page_faults',
      kind: 'counter',
      description: 'The number of page faults of the agent that required I/O',
    },
    {
      name: 'rezolus_blockio_operations',
      kind: 'counter',
      unit: 'operations',
      labels: { op: 'read' },
      description: 'The number of block I/O operations that the agent caused',
    },
    {
      name: 'rezolus_blockio_operations',
      kind: 'counter',
      unit: 'operations',
      labels: { op: 'write' },
      description: 'The number of block I/O operations that the agent caused',
    },
    {
      name: 'rezolus_context_switch',
      kind: 'counter',
      labels: { kind: 'voluntary' },
      description: 'The number of context switches of the agent',
    },
    {
      name: 'rezolus_context_switch',
      kind: 'counter',
      labels: { kind: 'involuntary' },
      description: 'The number of context switches of the agent',
    },
    {
      name: 'rezolus_memory_usage_resident_set_size',
      kind: 'gauge',
      unit: 'bytes',
      description: 'The memory of the agent that is resident now (not its peak)',
    },
  ],
};
