import type { GroupDeclaration } from '@rezolus/core';
import { families } from '../families.ts';

export const counts: GroupDeclaration = {
  name: 'syscall_counts_counters',
  per: 'host',
  metrics: families.map((op) => ({
    name: 'syscall',
    kind: 'counter',
    unit: 'syscalls',
    description: 'System calls entered, by family',
    labels: { op },
  })),
};

export const cgroupCounts: GroupDeclaration = {
  name: 'syscall_counts_cgroup',
  per: 'cgroup',
  metrics: families.map((op) => ({
    name: 'cgroup_syscall',
    kind: 'counter',
    unit: 'syscalls',
    description: 'System calls entered by the threads of a cgroup, by family',
    labels: { op },
  })),
};

/** What cgroup_syscall loses when a cgroup is removed, so that totals still add up. */
export const endedCgroups: GroupDeclaration = {
  name: 'syscall_counts_ended_cgroups',
  per: 'host',
  metrics: families.map((op) => ({
    name: 'cgroup_syscall_ended_cgroups',
    kind: 'counter',
    unit: 'syscalls',
    description: 'System calls entered by the threads of cgroups that were removed, by family',
    labels: { op },
  })),
};
