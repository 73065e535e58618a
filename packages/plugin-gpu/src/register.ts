import type { SamplersHook } from '@rezolus/core';
import { gpuAmdSmi } from './amd/sampler.ts';
import { gpuNvidia } from './nvidia/sampler.ts';

/** register: the hook `rezolus:samplers` of this package. */
const register: SamplersHook = ({ registrar }) => {
  for (const definition of [gpuAmdSmi, gpuNvidia]) registrar.add(definition);
};

export default register;
