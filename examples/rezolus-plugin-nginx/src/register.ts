import type { SamplersHook } from '@rezolus/core';
import { nginxStatus } from './sampler.ts';

/** register: the hook `rezolus:samplers` of this package. */
const register: SamplersHook = ({ registrar }) => {
  registrar.add(nginxStatus);
};

export default register;
