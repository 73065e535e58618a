export { gpuAmdSmi } from './amd/sampler.ts';
export { gpuNvidia } from './nvidia/sampler.ts';
