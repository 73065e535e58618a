import type { SamplersHook } from '@rezolus/core';
import { cpuBandwidth } from './bandwidth/sampler.ts';
import { cpuCores } from './cores/sampler.ts';
import { cpuMigrations } from './migrations/sampler.ts';
import { schedulerRunqueue } from './runqueue/sampler.ts';
import { cpuTlbFlush } from './tlb-flush/sampler.ts';
import { cpuUsage } from './usage/sampler.ts';

/** register: the hook `rezolus:samplers` of this package. */
const register: SamplersHook = ({ registrar }) => {
  for (const definition of [cpuBandwidth, cpuCores, cpuMigrations, cpuTlbFlush, cpuUsage, schedulerRunqueue])
    registrar.add(definition);
};

export default register;
