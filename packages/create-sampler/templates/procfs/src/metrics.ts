import type { GroupDeclaration } from '@rezolus/core';

/** memory: what is read together. Counters and gauges each have their values in the order given here. */
export const memory: GroupDeclaration = {
  name: 'my_sampler_memory',
  per: 'host',
  metrics: [
    {
      name: 'my_sampler_page_faults',
      kind: 'counter',
      unit: 'faults',
      description: 'Page faults since the machine was started, as /proc/vmstat has them (pgfault)',
    },
    {
      name: 'my_sampler_dirty',
      kind: 'gauge',
      unit: 'pages',
      description: 'Pages that wait to be written to a disk (nr_dirty)',
    },
  ],
};
