export type { Capture, Plot, PlotGroup, PlotSubgroup, Section } from './contract.ts';
export { fileSource } from './server/file-source.ts';
export { type LiveOptions, liveSource } from './server/live/live-source.ts';
export { loadSections } from './server/sections/load.ts';
export { parseSection, sectionSchema } from './server/sections/section-schema.ts';
export type { LiveFeed, ViewerSource } from './server/source.ts';
export { startViewer, type Viewer, type ViewerOptions } from './server/viewer.ts';
export type { WorkerInput } from './server/worker/protocol.ts';
export { workerSource } from './server/worker/worker-source.ts';
