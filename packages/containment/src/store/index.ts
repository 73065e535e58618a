export { defaultPluginLimits, type PluginLimits } from '../limits.ts';
export { installPlugin, parseSpec, type Spec } from './install.ts';
export { isAllowed, loadInstalled, type PluginPolicy, type Unloaded } from './load.ts';
export { hookEvent } from './manifest.ts';
export { type OpenPlugin, PluginStore, type Stored } from './store.ts';
