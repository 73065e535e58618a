export { agentSchema, listenSchema } from './addresses.ts';
export { loadConfig, parseConfig } from './load.ts';
export { budgetSchema, durationSchema, samplerSections } from './samplers.ts';
