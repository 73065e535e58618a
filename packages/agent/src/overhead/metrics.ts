import type { GroupDeclaration } from '@rezolus/core';

/** programs: one member per BPF program, with the labels `plugin` and `program`. */
export const programs: GroupDeclaration = {
  name: 'programs',
  per: 'device',
  metrics: [
    {
      name: 'rezolus_bpf_run_count',
      kind: 'counter',
      description: 'Runs of a BPF program, extrapolated from the times in which the kernel counts them',
    },
    {
      name: 'rezolus_bpf_run_time',
      kind: 'counter',
      unit: 'nanoseconds',
      description: 'CPU time of a BPF program, extrapolated from the times in which the kernel measures it',
    },
    {
      name: 'rezolus_bpf_recursion_misses',
      kind: 'counter',
      description: 'Runs that did not happen because the program was already running on that CPU',
    },
  ],
};

/** maps: one member per plugin that has BPF maps, with the label `plugin`. */
export const maps: GroupDeclaration = {
  name: 'maps',
  per: 'device',
  metrics: [
    {
      name: 'rezolus_bpf_map_memory',
      kind: 'gauge',
      unit: 'bytes',
      description: 'Kernel memory of the BPF maps of a plugin',
    },
  ],
};

/** refreshes: one member per sampler, with the label `name`. */
export const refreshes: GroupDeclaration = {
  name: 'refreshes',
  per: 'device',
  metrics: [
    {
      name: 'rezolus_refresh_time',
      kind: 'counter',
      unit: 'nanoseconds',
      description: 'Time that the agent has spent reading a sampler',
    },
  ],
};

/** drops: one member per sampler and reason, with the labels `name` and `reason`; read when programs are measured. */
export const drops: GroupDeclaration = {
  name: 'drops',
  per: 'device',
  metrics: [
    {
      name: 'rezolus_drops',
      kind: 'counter',
      unit: 'events',
      description: 'Events that a sampler could not attribute or keep',
    },
  ],
};
