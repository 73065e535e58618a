export { createSampler, type Steps } from './create.ts';
export { type SamplerNames, samplerNames } from './names.ts';
export { scaffold, type Template, templates } from './scaffold.ts';
