export { blockioLatency } from './latency/sampler.ts';
export { blockioRequests } from './requests/sampler.ts';
