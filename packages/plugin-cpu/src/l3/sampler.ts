import { ABI, defineSampler } from '@rezolus/core';
import { perfSampler } from '../perf-sampler.ts';
import { cacheLeaders, l3Events } from './caches.ts';
import { sweep } from './metrics.ts';

/** cpuL3: accesses and misses of each level 3 cache. */
export const cpuL3 = defineSampler({
  name: 'cpu_l3',
  abi: ABI,
  description: 'Accesses and misses per level 3 cache',
  routes: [
    { route: 'perf events of amd_l3', needs: 'the PMU amd_l3' },
    {
      route: 'perf events of uncore_cha_*, added up',
      needs: 'the PMUs uncore_cha_* (Intel servers)',
      differs: 'counts what reaches the slices of the cache from all cores of the socket',
    },
  ],
  groups: [sweep],
  create(context) {
    const { pmu, groups } = l3Events();
    return perfSampler(context, {
      group: sweep,
      route: `perf_event_open ${pmu}`,
      sources: (online) => cacheLeaders(online).map((cpu) => ({ cpu, groups })),
    });
  },
});
