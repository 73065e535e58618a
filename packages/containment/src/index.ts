export {
  type Description,
  describePlugin,
  type InstalledPlugin,
  registerContained,
  type WatchCosts,
} from './definitions.ts';
export type { PluginLimits } from './limits.ts';
export { type Measured, measurePlugin, type ProgramCost } from './measure.ts';
export type { Described } from './messages.ts';
