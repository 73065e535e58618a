import type { InstalledPlugin, WatchCosts } from '@rezolus/containment';
import {
  type ErrorCode,
  type PluginEntry,
  RezolusError,
  registerPlugins,
  SamplerRegistry,
} from '@rezolus/core';
import type { AgentConfig } from './config.ts';

/** PlannedRefusal: a plugin that is installed and not loaded, and why, as data. */
export interface PlannedRefusal {
  readonly plugin: string;
  readonly sampler: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** PlannedPlugins: the plugins of an agent: the built-in ones, those in processes of their own, those not loaded. */
export interface PlannedPlugins {
  readonly builtIn: readonly PluginEntry[];
  readonly contained: readonly InstalledPlugin[];
  readonly refusals: readonly PlannedRefusal[];
}

/** AgentPlan: everything that an agent starts from, as data: the command line makes it, the agent runs it. */
export interface AgentPlan {
  readonly config: AgentConfig;
  readonly plugins: PlannedPlugins;
}

/**
 * registryOf: a registry with what the plan's plugins register. The code that contains plugins of
 * third parties is loaded where there are such alone; `watch` measures their BPF programs.
 */
export async function registryOf(
  { builtIn, contained, refusals }: PlannedPlugins,
  limits: AgentConfig['plugins'],
  watch?: WatchCosts,
): Promise<SamplerRegistry> {
  const registry = new SamplerRegistry();
  await registerPlugins(registry, builtIn);
  for (const { plugin, sampler, code, message } of refusals) {
    const manifest = { name: plugin, version: '', abi: 0, samplers: [sampler], builtIn: false };
    registry.refuse(manifest, new RezolusError(code, message));
  }
  if (contained.length > 0) {
    const { registerContained } = await import('@rezolus/containment');
    for (const plugin of contained) registerContained(registry, plugin, limits, watch);
  }
  return registry;
}
