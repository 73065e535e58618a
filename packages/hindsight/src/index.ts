export type { HindsightConfig } from './config.ts';
export { type DumpRequest, dumpBuffer } from './dump.ts';
export { type Hindsight, type HindsightOptions, startHindsight } from './hindsight.ts';
export type { WrittenDump } from './server.ts';
export type { HindsightStatus } from './status.ts';
