import { ABI, defineSampler } from '@rezolus/core';
import { procSampler } from '../proc-sampler.ts';
import { keys, meminfoRead } from './metrics.ts';

/** memoryMeminfo: how much memory there is and what it is used for. The file says kB and means 1024 bytes. */
export const memoryMeminfo = defineSampler({
  name: 'memory_meminfo',
  abi: ABI,
  description: 'Memory size and use',
  routes: [{ route: '/proc/meminfo', needs: 'nothing' }],
  groups: [meminfoRead],
  create: (context) => procSampler(context, { path: '/proc/meminfo', group: meminfoRead, keys, scale: 1024 }),
});
