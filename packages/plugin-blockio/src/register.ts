import type { SamplersHook } from '@rezolus/core';
import { blockioLatency } from './latency/sampler.ts';
import { blockioRequests } from './requests/sampler.ts';

/** register: the hook `rezolus:samplers` of this package. */
const register: SamplersHook = ({ registrar }) => {
  for (const definition of [blockioLatency, blockioRequests]) registrar.add(definition);
};

export default register;
