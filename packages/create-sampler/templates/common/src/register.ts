import type { SamplersHook } from '@rezolus/core';
import { mySampler } from './sampler.ts';

/** register: the hook `rezolus:samplers`: hands the definitions of this package to the host. Importing it does nothing. */
const register: SamplersHook = ({ registrar }) => {
  registrar.add(mySampler);
};

export default register;
