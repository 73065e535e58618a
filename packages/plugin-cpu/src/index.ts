export { cpuBandwidth } from './bandwidth/sampler.ts';
export { cpuCores } from './cores/sampler.ts';
export { cpuMigrations } from './migrations/sampler.ts';
export { schedulerRunqueue } from './runqueue/sampler.ts';
export { cpuTlbFlush } from './tlb-flush/sampler.ts';
export { cpuUsage } from './usage/sampler.ts';
