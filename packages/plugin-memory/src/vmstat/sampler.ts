import { ABI, defineSampler } from '@rezolus/core';
import { procSampler } from '../proc-sampler.ts';
import { keys, vmstatRead } from './metrics.ts';

/** memoryVmstat: how well memory is placed on NUMA nodes. */
export const memoryVmstat = defineSampler({
  name: 'memory_vmstat',
  abi: ABI,
  description: 'Placement of pages on NUMA nodes',
  routes: [{ route: '/proc/vmstat', needs: 'CONFIG_NUMA' }],
  groups: [vmstatRead],
  create: (context) => procSampler(context, { path: '/proc/vmstat', group: vmstatRead, keys, scale: 1 }),
});
