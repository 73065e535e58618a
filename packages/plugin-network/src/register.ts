import type { SamplersHook } from '@rezolus/core';
import { networkEthtool } from './ethtool/sampler.ts';
import { networkInterfaces } from './interfaces/sampler.ts';
import { networkTraffic } from './traffic/sampler.ts';

/** register: the hook `rezolus:samplers` of this package. */
const register: SamplersHook = ({ registrar }) => {
  for (const definition of [networkEthtool, networkInterfaces, networkTraffic]) registrar.add(definition);
};

export default register;
