export { driveHealth } from './health/sampler.ts';
