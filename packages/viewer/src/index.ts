export type { Capture, Plot, PlotGroup, PlotSubgroup, Section } from './contract.ts';
export type { NamedSource } from './server/library.ts';
export { type LiveOptions, liveSource } from './server/live/live-source.ts';
export type { LoadingOptions } from './server/loading-routes.ts';
export { AllowList } from './server/open/allow-list.ts';
export { fileSource } from './server/open/file-source.ts';
export { openCaptures } from './server/open/open.ts';
export { loadSections } from './server/sections/load.ts';
export {
  loadPluginSections,
  type PluginFolder,
  type Refused,
} from './server/sections/plugin-sections.ts';
export { parseSection, sectionSchema } from './server/sections/section-schema.ts';
export type { LiveFeed, ViewerSource } from './server/source.ts';
export { startViewer, type Viewer, type ViewerOptions } from './server/viewer.ts';
export type { WorkerInput } from './server/worker/protocol.ts';
export { workerSource } from './server/worker/worker-source.ts';
export { runTerminal, type TerminalOptions } from './tui/terminal.ts';
