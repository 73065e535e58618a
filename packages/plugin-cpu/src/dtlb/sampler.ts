import { readFileSync } from 'node:fs';
import { ABI, defineSampler } from '@rezolus/core';
import { everyCpu } from '../perf-events.ts';
import { perfSampler } from '../perf-sampler.ts';
import { sweep } from './metrics.ts';
import { missesOf } from './processor.ts';

/** cpuDtlb: misses of the data TLB, by the events of the processor that is there. */
export const cpuDtlb = defineSampler({
  name: 'cpu_dtlb',
  abi: ABI,
  description: 'Misses of the data TLB per CPU',
  routes: [
    { route: 'raw perf events of loads and stores', needs: 'a CPU PMU of a known Intel processor' },
    {
      route: 'one raw perf event',
      needs: 'a CPU PMU of AMD Zen or Armv8',
      differs: 'loads and stores together, without the label op; misses of the first level, not page walks',
    },
  ],
  groups: [sweep],
  create(context) {
    const { processor, together, events } = missesOf(readFileSync('/proc/cpuinfo', 'utf8'));
    const codes = events.map(({ config }) => `r${config.toString(16)}`);
    return perfSampler(context, {
      group: sweep,
      route: `perf_event_open ${codes.join(', ')} (${processor})`,
      sources: everyCpu([events]),
      only: ({ labels }) => (labels === undefined) === together,
    });
  },
});
