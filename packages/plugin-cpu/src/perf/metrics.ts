import type { GroupDeclaration } from '@rezolus/core';

/** Order of the metrics = order of `counts`. */
export const sweep: GroupDeclaration = {
  name: 'cpu_perf_sweep',
  per: 'cpu',
  metrics: [
    {
      name: 'cpu_cycles',
      kind: 'counter',
      unit: 'cycles',
      description: 'Clock cycles of a CPU while it was not halted',
    },
    {
      name: 'cpu_instructions',
      kind: 'counter',
      unit: 'instructions',
      description: 'Instructions that a CPU retired',
    },
  ],
};

export const cgroupCycles: GroupDeclaration = {
  name: 'cpu_perf_cgroup_cycles',
  per: 'cgroup',
  metrics: [
    {
      name: 'cgroup_cpu_cycles',
      kind: 'counter',
      unit: 'cycles',
      description: 'Clock cycles of CPUs while threads of a cgroup were on them, without the idle task',
    },
  ],
};

export const cgroupInstructions: GroupDeclaration = {
  name: 'cpu_perf_cgroup_instructions',
  per: 'cgroup',
  metrics: [
    {
      name: 'cgroup_cpu_instructions',
      kind: 'counter',
      unit: 'instructions',
      description: 'Instructions retired while threads of a cgroup were on a CPU, without the idle task',
    },
  ],
};

/** What the counters per cgroup lose when a cgroup is removed, so that totals still add up. */
export const endedCgroups: GroupDeclaration = {
  name: 'cpu_perf_ended_cgroups',
  per: 'host',
  metrics: [
    {
      name: 'cgroup_cpu_cycles_ended_cgroups',
      kind: 'counter',
      unit: 'cycles',
      description: 'Clock cycles of CPUs while threads of cgroups that were removed were on them',
    },
    {
      name: 'cgroup_cpu_instructions_ended_cgroups',
      kind: 'counter',
      unit: 'instructions',
      description: 'Instructions retired while threads of cgroups that were removed were on a CPU',
    },
  ],
};
