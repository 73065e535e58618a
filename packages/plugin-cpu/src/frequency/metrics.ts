import type { GroupDeclaration } from '@rezolus/core';

/** eventNames: names of the events in the PMU msr; the leader first. */
export const eventNames = ['tsc', 'aperf', 'mperf'] as const;

/** Order of the metrics = order of `eventNames`. */
export const sweep: GroupDeclaration = {
  name: 'cpu_frequency_sweep',
  per: 'cpu',
  metrics: [
    {
      name: 'cpu_tsc',
      kind: 'counter',
      unit: 'cycles',
      description:
        'Time-stamp counter. The frequency of a CPU while it runs is rate(cpu_tsc) * rate(cpu_aperf) / rate(cpu_mperf)',
    },
    {
      name: 'cpu_aperf',
      kind: 'counter',
      unit: 'cycles',
      description: 'Cycles at the actual frequency of a CPU, while it is not halted',
    },
    {
      name: 'cpu_mperf',
      kind: 'counter',
      unit: 'cycles',
      description: 'Cycles at the base frequency of a CPU, while it is not halted',
    },
  ],
};
