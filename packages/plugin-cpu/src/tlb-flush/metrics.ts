import type { GroupDeclaration } from '@rezolus/core';

/** Reasons in the order of the kernel's enum tlb_flush_reason. */
const reasons = [
  ['task_switch', 'because another address space was switched to'],
  ['remote_shootdown', 'because another CPU asked for it'],
  ['local_shootdown', 'of a range, by the thread that changed it'],
  ['local_mm_shootdown', 'of a whole address space, by the thread that changed it'],
  ['remote_send_ipi', 'requested from other CPUs by an interrupt'],
] as const;

export const flushes: GroupDeclaration = {
  name: 'cpu_tlb_flush_events',
  per: 'cpu',
  metrics: reasons.map(([reason, why]) => ({
    name: 'cpu_tlb_flush',
    kind: 'counter',
    description: `TLB flushes ${why}`,
    labels: { reason },
  })),
};

export const cgroupFlushes: GroupDeclaration = {
  name: 'cpu_tlb_flush_cgroup',
  per: 'cgroup',
  metrics: reasons.map(([reason, why]) => ({
    name: 'cgroup_cpu_tlb_flush',
    kind: 'counter',
    description: `TLB flushes ${why}, while a thread of the cgroup was on the CPU`,
    labels: { reason },
  })),
};

/** What cgroup_cpu_tlb_flush loses when a cgroup is removed, so that totals still add up. */
export const endedCgroups: GroupDeclaration = {
  name: 'cpu_tlb_flush_ended_cgroups',
  per: 'host',
  metrics: reasons.map(([reason, why]) => ({
    name: 'cgroup_cpu_tlb_flush_ended_cgroups',
    kind: 'counter',
    description: `TLB flushes ${why}, while a thread of a cgroup that was removed was on the CPU`,
    labels: { reason },
  })),
};
