import type { GroupDeclaration, MetricDeclaration } from '@rezolus/core';

/** Group without a window of its own, as in the original. */
export const limits: GroupDeclaration = {
  name: 'main',
  per: 'cgroup',
  metrics: [
    {
      name: 'cgroup_cpu_bandwidth_quota',
      kind: 'gauge',
      unit: 'nanoseconds',
      description: 'CPU time that a cgroup may use per period, -1 = no limit',
    },
    {
      name: 'cgroup_cpu_bandwidth_period_duration',
      kind: 'gauge',
      unit: 'nanoseconds',
      description: 'Length of the period that the quota of a cgroup is for',
    },
  ],
};

const counter = (group: string, metric: Omit<MetricDeclaration, 'kind'>): GroupDeclaration => ({
  name: `cpu_bandwidth_cgroup_${group}`,
  per: 'cgroup',
  metrics: [{ kind: 'counter', ...metric }],
});

/** Counters and the field of `struct bandwidth_row` that each shows. */
export const counters = [
  {
    field: 'throttled_time',
    group: counter('throttled_time', {
      name: 'cgroup_cpu_throttled_time',
      unit: 'nanoseconds',
      description: "Time that a cgroup's runqueues were throttled, added up over CPUs by the scheduler",
    }),
  },
  {
    field: 'throttled_periods',
    group: counter('throttled_count', {
      name: 'cgroup_cpu_throttled',
      unit: 'events',
      description: 'Periods in which a cgroup was throttled: once per period, however many runqueues it hit',
    }),
  },
  {
    field: 'periods',
    group: counter('bandwidth_periods', {
      name: 'cgroup_cpu_bandwidth_periods',
      unit: 'events',
      description: 'Periods in which a cgroup with a quota had something to run',
    }),
  },
  {
    field: 'throttled_periods',
    group: counter('bandwidth_throttled_periods', {
      name: 'cgroup_cpu_bandwidth_throttled_periods',
      unit: 'events',
      description: 'Periods in which a cgroup used up its quota',
    }),
  },
  {
    field: 'throttled_time',
    group: counter('bandwidth_throttled_time', {
      name: 'cgroup_cpu_bandwidth_throttled_time',
      unit: 'nanoseconds',
      description: "Time that a cgroup's runqueues were throttled, by the scheduler's own account",
    }),
  },
] as const;
