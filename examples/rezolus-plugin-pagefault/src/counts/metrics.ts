import type { GroupDeclaration } from '@rezolus/core';

/** modes: in which mode the CPU was, in the order of the slots in the kernel. */
export const modes = ['user', 'kernel'] as const;

export const counts: GroupDeclaration = {
  name: 'pagefault_counts_counters',
  per: 'host',
  metrics: modes.map((mode) => ({
    name: 'pagefault',
    kind: 'counter',
    unit: 'faults',
    description: 'Page faults by the mode of the CPU, those that end in a signal included',
    labels: { mode },
  })),
};

export const cgroupCounts: GroupDeclaration = {
  name: 'pagefault_counts_cgroup',
  per: 'cgroup',
  metrics: modes.map((mode) => ({
    name: 'cgroup_pagefault',
    kind: 'counter',
    unit: 'faults',
    description: 'Page faults of the threads of a cgroup by the mode of the CPU',
    labels: { mode },
  })),
};
