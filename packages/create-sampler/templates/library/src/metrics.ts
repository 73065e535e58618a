import type { GroupDeclaration } from '@rezolus/core';

/** loads: the load averages. The order of the metrics is the order of their values. */
export const loads: GroupDeclaration = {
  name: 'my_sampler_loads',
  per: 'host',
  metrics: ['1m', '5m', '15m'].map((window) => ({
    name: 'my_sampler_load',
    kind: 'gauge',
    unit: 'thousandths',
    description: 'Tasks that run or wait, averaged over a window, times 1000: gauges are whole numbers',
    labels: { window },
  })),
};
