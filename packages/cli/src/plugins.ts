import type { Config, Hook, Interfaces } from '@oclif/core';
import {
  ABI,
  type PluginManifest,
  RezolusError,
  type SamplerRegistrar,
  SamplerRegistry,
  sentence,
} from '@rezolus/core';

const event = 'rezolus:samplers';
const timeoutMs = 10_000;

type RezolusHooks = Interfaces.Hooks & {
  [event]: { options: { registrar: SamplerRegistrar; abi: number }; return: undefined };
};

/** RegisterHook: the type of a plugin's hook function as the plugin framework calls it. */
export type RegisterHook = Hook<typeof event, RezolusHooks>;

/**
 * collectSamplers: lets every plugin register its samplers. The manifest is judged before any code of the plugin runs;
 * each plugin is called on its own, so that what it does is put down to it; a plugin that throws is a refusal.
 */
export async function collectSamplers(config: Interfaces.Config): Promise<SamplerRegistry> {
  const registry = new SamplerRegistry();
  for (const plugin of config.plugins.values()) {
    if (!(event in plugin.hooks)) continue;
    const manifest = manifestOf(plugin);
    if (!registry.accepts(manifest)) continue;
    const onlyThis: Config = Object.create(config, { plugins: { value: new Map([[plugin.name, plugin]]) } });
    const { failures } = await onlyThis.runHook<typeof event, RezolusHooks>(
      event,
      { registrar: registry.for(manifest), abi: ABI },
      timeoutMs,
      true,
    );
    for (const { error } of failures) {
      const message = `${plugin.name} did not register its samplers: ${sentence(error)}`;
      registry.refuse(manifest, new RezolusError('REZ_ERR_PLUGIN_LOAD', message, { cause: error }));
    }
  }
  return registry;
}

function manifestOf(plugin: Interfaces.Plugin): PluginManifest {
  const { rezolus = {} } = plugin.pjson as { rezolus?: { abi?: unknown; samplers?: unknown } };
  const samplers = Array.isArray(rezolus.samplers)
    ? rezolus.samplers.filter((name) => typeof name === 'string')
    : [];
  return {
    name: plugin.name,
    version: plugin.version,
    abi: typeof rezolus.abi === 'number' ? rezolus.abi : 0,
    samplers,
    builtIn: plugin.type === 'core',
  };
}
