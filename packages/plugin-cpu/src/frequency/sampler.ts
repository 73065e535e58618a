import { ABI, defineSampler } from '@rezolus/core';
import { everyCpu } from '../perf-events.ts';
import { perfSampler } from '../perf-sampler.ts';
import { sweep } from './metrics.ts';
import { msrEvents } from './msr.ts';

/** cpuFrequency: what the running frequency of each CPU is worked out from. */
export const cpuFrequency = defineSampler({
  name: 'cpu_frequency',
  abi: ABI,
  description: 'Cycles by clock, which give the running frequency per CPU (x86)',
  routes: [{ route: 'perf events tsc, aperf, mperf', needs: 'the msr PMU with all three (x86)' }],
  groups: [sweep],
  create: (context) =>
    perfSampler(context, {
      group: sweep,
      route: 'perf_event_open msr/tsc, msr/aperf, msr/mperf',
      sources: everyCpu([msrEvents()]),
    }),
});
