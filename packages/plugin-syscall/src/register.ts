import type { SamplersHook } from '@rezolus/core';
import { syscallCounts } from './counts/sampler.ts';
import { syscallLatency } from './latency/sampler.ts';

/** register: the hook `rezolus:samplers` of this package. */
const register: SamplersHook = ({ registrar }) => {
  for (const definition of [syscallCounts, syscallLatency]) registrar.add(definition);
};

export default register;
