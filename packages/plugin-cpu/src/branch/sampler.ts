import { ABI, defineSampler } from '@rezolus/core';
import { perfType } from '@rezolus/libbpf';
import { everyCpu } from '../perf-events.ts';
import { perfSampler } from '../perf-sampler.ts';
import { sweep } from './metrics.ts';

/** PERF_COUNT_HW_BRANCH_INSTRUCTIONS and _MISSES: one group, so that their ratio is of one span of time. */
const events = [
  { name: 'branches', type: perfType.hardware, config: 4, metric: 0 },
  { name: 'branch-misses', type: perfType.hardware, config: 5, metric: 1 },
];

/** cpuBranch: branch instructions and how many of them were predicted wrongly. */
export const cpuBranch = defineSampler({
  name: 'cpu_branch',
  abi: ABI,
  description: 'Branch instructions and mispredictions per CPU',
  routes: [{ route: 'perf events branches, branch-misses', needs: 'a CPU PMU' }],
  groups: [sweep],
  create: (context) =>
    perfSampler(context, {
      group: sweep,
      route: 'perf_event_open branches, branch-misses',
      sources: everyCpu([events]),
    }),
});
