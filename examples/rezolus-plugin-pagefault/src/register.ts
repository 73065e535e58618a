import type { SamplersHook } from '@rezolus/core';
import { pagefaultCounts } from './counts/sampler.ts';
import { pagefaultLatency } from './latency/sampler.ts';

/** register: the hook `rezolus:samplers` of this package. */
const register: SamplersHook = ({ registrar }) => {
  for (const definition of [pagefaultCounts, pagefaultLatency]) registrar.add(definition);
};

export default register;
