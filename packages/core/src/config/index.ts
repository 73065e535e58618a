export { agentSchema, listenSchema } from './addresses.ts';
export { loadConfig, parseConfig } from './load.ts';
export { durationSchema, samplerSections } from './samplers.ts';
