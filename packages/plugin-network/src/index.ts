export { networkEthtool } from './ethtool/sampler.ts';
export { networkInterfaces } from './interfaces/sampler.ts';
export { networkTraffic } from './traffic/sampler.ts';
