import type { SamplersHook } from '@rezolus/core';
import { cpuBandwidth } from './bandwidth/sampler.ts';
import { cpuBranch } from './branch/sampler.ts';
import { cpuCores } from './cores/sampler.ts';
import { cpuDtlb } from './dtlb/sampler.ts';
import { cpuFrequency } from './frequency/sampler.ts';
import { cpuHardirq } from './hardirq/sampler.ts';
import { cpuL3 } from './l3/sampler.ts';
import { cpuMigrations } from './migrations/sampler.ts';
import { cpuPerf } from './perf/sampler.ts';
import { schedulerRunqueue } from './runqueue/sampler.ts';
import { cpuTlbFlush } from './tlb-flush/sampler.ts';
import { cpuUsage } from './usage/sampler.ts';

const definitions = [
  cpuBandwidth,
  cpuBranch,
  cpuCores,
  cpuDtlb,
  cpuFrequency,
  cpuHardirq,
  cpuL3,
  cpuMigrations,
  cpuPerf,
  cpuTlbFlush,
  cpuUsage,
  schedulerRunqueue,
];

/** register: the hook `rezolus:samplers` of this package. */
const register: SamplersHook = ({ registrar }) => {
  for (const definition of definitions) registrar.add(definition);
};

export default register;
