export {
  type Description,
  describePlugin,
  type InstalledPlugin,
  registerContained,
} from './definitions.ts';
export type { PluginLimits } from './limits.ts';
