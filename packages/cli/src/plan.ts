import type { Interfaces } from '@oclif/core';
import type { AgentPlan } from '@rezolus/agent';
import { silentLogger } from '@rezolus/core';
import { builtInPlugins, pluginStore } from './plugins.ts';

/**
 * planAgent: what an agent with the configuration file `path` starts from: reads the file, verifies the installed
 * plugins, and asks each what it registers, in a process without powers. Throws REZ_ERR_CONFIG_* and, where the list of
 * plugins cannot be trusted, REZ_ERR_PLUGIN_INTEGRITY; a plugin that cannot be loaded is a refusal in the plan.
 */
export async function planAgent(path: string, config: Interfaces.Config): Promise<AgentPlan> {
  const { readAgentConfig, readPluginPolicy } = await import('@rezolus/agent/config-file');
  const { loadInstalled } = await import('@rezolus/containment/store');
  const policy = readPluginPolicy(path);
  const { plugins: contained, unloaded } = await loadInstalled(pluginStore(config), policy, silentLogger);
  const refusals = unloaded.flatMap(({ stored, error: { code, message } }) =>
    stored.samplers.map((sampler) => ({ plugin: stored.name, sampler, code, message })),
  );
  const plugins = { builtIn: builtInPlugins(config), contained, refusals };
  return { config: await readAgentConfig(path, plugins), plugins };
}
