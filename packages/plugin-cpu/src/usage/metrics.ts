import type { GroupDeclaration } from '@rezolus/core';

const states = ['user', 'system'] as const;

/** Names of the softirq vectors in the kernel's order. */
export const softirqKinds = [
  'hi',
  'timer',
  'net_tx',
  'net_rx',
  'block',
  'irq_poll',
  'tasklet',
  'sched',
  'hrtimer',
  'rcu',
] as const;

export const cpu: GroupDeclaration = {
  name: 'cpu_usage_cpu',
  per: 'cpu',
  metrics: [
    {
      name: 'cpu_usage',
      kind: 'counter',
      unit: 'nanoseconds',
      description: 'CPU time in user mode, niced threads included',
      labels: { state: 'user' },
    },
    {
      name: 'cpu_usage',
      kind: 'counter',
      unit: 'nanoseconds',
      description: 'CPU time in the kernel, interrupts included',
      labels: { state: 'system' },
    },
    {
      name: 'cpu_usage_exited_tasks',
      kind: 'counter',
      unit: 'nanoseconds',
      description:
        'CPU time of threads that have exited, by the CPU they exited on; part of cpu_usage, not more of it',
    },
  ],
};

export const cgroupUsage: GroupDeclaration = {
  name: 'cpu_usage_cgroup_usage',
  per: 'cgroup',
  metrics: states.map((state) => ({
    name: 'cgroup_cpu_usage',
    kind: 'counter',
    unit: 'nanoseconds',
    description: `CPU time of the threads of a cgroup in ${state} mode`,
    labels: { state },
  })),
};

export const cgroupExited: GroupDeclaration = {
  name: 'cpu_usage_cgroup_exited',
  per: 'cgroup',
  metrics: [
    {
      name: 'cgroup_cpu_usage_exited_tasks',
      kind: 'counter',
      unit: 'nanoseconds',
      description: 'CPU time of threads of a cgroup that have exited; part of cgroup_cpu_usage',
    },
  ],
};

/** What cgroup_cpu_usage loses when a cgroup is removed, so that totals still add up. */
export const endedCgroups: GroupDeclaration = {
  name: 'cpu_usage_ended_cgroups',
  per: 'host',
  metrics: states.map((state) => ({
    name: 'cgroup_cpu_usage_ended_cgroups',
    kind: 'counter',
    unit: 'nanoseconds',
    description: `CPU time of the threads of cgroups that were removed in ${state} mode`,
    labels: { state },
  })),
};

export const tasks: GroupDeclaration = {
  name: 'cpu_usage_task',
  per: 'task',
  metrics: [
    {
      name: 'task_cpu_usage',
      kind: 'counter',
      unit: 'nanoseconds',
      description:
        'CPU time of a live thread since the agent first saw it; threads that have not run since then are absent',
    },
  ],
};

export const softirqs: GroupDeclaration = {
  name: 'cpu_usage_softirq',
  per: 'cpu',
  metrics: softirqKinds.map((kind) => ({
    name: 'softirq',
    kind: 'counter',
    unit: 'interrupts',
    description: 'Soft interrupts handled',
    labels: { kind },
  })),
};

export const softirqTime: GroupDeclaration = {
  name: 'cpu_usage_softirq_time',
  per: 'cpu',
  metrics: softirqKinds.map((kind) => ({
    name: 'softirq_time',
    kind: 'counter',
    unit: 'nanoseconds',
    description: 'Time spent handling soft interrupts',
    labels: { kind },
  })),
};
