import { type GroupDeclaration, withSums } from '@rezolus/core';
import { families } from '../families.ts';

export const latencies: GroupDeclaration = {
  name: 'syscall_latency_latencies',
  per: 'host',
  metrics: withSums(
    families.map((op) => ({
      name: 'syscall_latency',
      kind: 'histogram',
      unit: 'nanoseconds',
      description:
        'Distribution of the time from entry to exit of system calls, by family; time asleep included',
      labels: { op },
    })),
  ),
};
