import { type GroupDeclaration, withSums } from '@rezolus/core';

const histogram = (group: string, name: string, description: string): GroupDeclaration => ({
  name: group,
  per: 'host',
  metrics: withSums([{ name, kind: 'histogram', unit: 'nanoseconds', description }]),
});

export const runqueueLatency = histogram(
  'scheduler_runqueue_runqlat',
  'scheduler_runqueue_latency',
  'Distribution of the time threads waited for a CPU after they were woken or preempted',
);

export const running = histogram(
  'scheduler_runqueue_running',
  'scheduler_running',
  'Distribution of the time threads stayed on a CPU, whether they were preempted or blocked at its end',
);

export const offcpu = histogram(
  'scheduler_runqueue_offcpu',
  'scheduler_offcpu',
  'Distribution of the time threads were blocked: off CPU less the wait for one',
);

export const cpuRunqueueLatency: GroupDeclaration = {
  name: 'scheduler_runqueue_cpu_runqlat',
  per: 'cpu',
  metrics: [
    {
      name: 'scheduler_cpu_runqueue_latency',
      kind: 'histogram',
      unit: 'nanoseconds',
      description: 'Distribution of the time threads waited for a CPU, by the CPU they got',
    },
  ],
};

/** Order of the metrics = order of the histograms in `struct cgroup_times`. */
export const cgroupHistograms: GroupDeclaration = {
  name: 'scheduler_runqueue_cgroup_histograms',
  per: 'cgroup',
  metrics: [
    {
      name: 'cgroup_scheduler_runqueue_latency',
      kind: 'histogram',
      unit: 'nanoseconds',
      description: 'Distribution of the time threads of a cgroup waited for a CPU',
    },
    {
      name: 'cgroup_scheduler_offcpu_time',
      kind: 'histogram',
      unit: 'nanoseconds',
      description: 'Distribution of the time threads of a cgroup were blocked: off CPU less the wait for one',
    },
  ],
};

/** Order of the metrics = order of the fields of `struct sched_bank` from `involuntary` on. */
export const counters: GroupDeclaration = {
  name: 'scheduler_runqueue_counters',
  per: 'cpu',
  metrics: [
    {
      name: 'scheduler_context_switch',
      kind: 'counter',
      description: 'Switches away from a thread that could have gone on running',
      labels: { kind: 'involuntary' },
    },
    {
      name: 'scheduler_context_switch',
      kind: 'counter',
      description: 'Switches away from a thread that blocked',
      labels: { kind: 'voluntary' },
    },
    {
      name: 'scheduler_idle_exit',
      kind: 'counter',
      description:
        'Switches away from the idle task; with both kinds of scheduler_context_switch this is ctxt of /proc/stat',
    },
    {
      name: 'scheduler_runqueue_wait',
      kind: 'counter',
      unit: 'nanoseconds',
      description: 'Total time that threads waited for a CPU, by the CPU they got',
    },
    {
      name: 'scheduler_discarded_samples',
      kind: 'counter',
      description: 'Times that were left out because the clock of another CPU was ahead',
    },
  ],
};

export const cgroupWait: GroupDeclaration = {
  name: 'scheduler_runqueue_cgroup_wait',
  per: 'cgroup',
  metrics: [
    {
      name: 'cgroup_scheduler_runqueue_wait',
      kind: 'counter',
      unit: 'nanoseconds',
      description: 'Total time that threads of a cgroup waited for a CPU',
      labels: { state: 'wait' },
    },
  ],
};

export const cgroupOffcpu: GroupDeclaration = {
  name: 'scheduler_runqueue_cgroup_offcpu',
  per: 'cgroup',
  metrics: [
    {
      name: 'cgroup_scheduler_offcpu',
      kind: 'counter',
      unit: 'nanoseconds',
      description: 'Total time that threads of a cgroup were blocked',
      labels: { state: 'offcpu' },
    },
  ],
};

export const cgroupSwitches: GroupDeclaration = {
  name: 'scheduler_runqueue_cgroup_context_switch',
  per: 'cgroup',
  metrics: (['involuntary', 'voluntary'] as const).map((kind) => ({
    name: 'cgroup_scheduler_context_switch',
    kind: 'counter',
    description: `Context switches of threads of a cgroup (${kind})`,
    labels: { kind },
  })),
};

/** What the counters per cgroup lose when a cgroup is removed, so that totals still add up. */
export const endedCgroups: GroupDeclaration = {
  name: 'scheduler_runqueue_ended_cgroups',
  per: 'host',
  metrics: [
    {
      name: 'cgroup_scheduler_runqueue_wait_ended_cgroups',
      kind: 'counter',
      unit: 'nanoseconds',
      description: 'Total time that threads of cgroups that were removed had waited for a CPU',
    },
    {
      name: 'cgroup_scheduler_offcpu_ended_cgroups',
      kind: 'counter',
      unit: 'nanoseconds',
      description: 'Total time that threads of cgroups that were removed had been blocked',
    },
    ...(['involuntary', 'voluntary'] as const).map((kind) => ({
      name: 'cgroup_scheduler_context_switch_ended_cgroups',
      kind: 'counter' as const,
      description: `Context switches of threads of cgroups that were removed (${kind})`,
      labels: { kind },
    })),
  ],
};
