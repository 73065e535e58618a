import type { SamplersHook } from '@rezolus/core';
import { driveHealth } from './health/sampler.ts';

/** register: the hook `rezolus:samplers` of this package. */
const register: SamplersHook = ({ registrar }) => registrar.add(driveHealth);

export default register;
