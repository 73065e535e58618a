export { memoryMeminfo } from './meminfo/sampler.ts';
export { memoryVmstat } from './vmstat/sampler.ts';
