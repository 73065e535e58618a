import { type GroupDeclaration, withSums } from '@rezolus/core';

/** kinds: what a fault took, in the order of the slots in the kernel: minor without I/O, major with I/O. */
export const kinds = ['minor', 'major'] as const;

export const latencies: GroupDeclaration = {
  name: 'pagefault_latency_latencies',
  per: 'host',
  metrics: withSums(
    kinds.map((kind) => ({
      name: 'pagefault_latency',
      kind: 'histogram',
      unit: 'nanoseconds',
      description: 'Distribution of the time from the exception to the end of its handling',
      labels: { kind },
    })),
  ),
};

export const cgroupTimes: GroupDeclaration = {
  name: 'pagefault_latency_cgroup',
  per: 'cgroup',
  metrics: [
    ...kinds.map(
      (kind) =>
        ({
          name: 'cgroup_pagefault_ended',
          kind: 'counter',
          unit: 'faults',
          description: 'Page faults of a cgroup whose time is in cgroup_pagefault_time',
          labels: { kind },
        }) as const,
    ),
    ...kinds.map(
      (kind) =>
        ({
          name: 'cgroup_pagefault_time',
          kind: 'counter',
          unit: 'nanoseconds',
          description: 'Time that the threads of a cgroup spent in page faults',
          labels: { kind },
        }) as const,
    ),
  ],
};
