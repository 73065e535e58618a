import type { SamplersHook } from '@rezolus/core';
import { memoryMeminfo } from './meminfo/sampler.ts';
import { memoryVmstat } from './vmstat/sampler.ts';

/** register: the hook `rezolus:samplers` of this package. */
const register: SamplersHook = ({ registrar }) => {
  for (const definition of [memoryMeminfo, memoryVmstat]) registrar.add(definition);
};

export default register;
