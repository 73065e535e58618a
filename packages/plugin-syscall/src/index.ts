export { syscallCounts } from './counts/sampler.ts';
export { syscallLatency } from './latency/sampler.ts';
