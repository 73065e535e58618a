import { RezolusError, sentence } from './errors.ts';
import type { PluginManifest, SamplerRegistry } from './registry.ts';
import { ABI, type SamplersHook } from './sampler.ts';
import { withTimeout } from './timeout.ts';

const timeoutMs = 10_000;

/** PluginEntry: a plugin that is installed: its manifest and the modules of its hook `rezolus:samplers`, as file URLs. */
export interface PluginEntry {
  readonly manifest: PluginManifest;
  readonly hooks: readonly string[];
}

/**
 * registerPlugins: lets every plugin register its samplers. The manifest is judged before any code of the plugin runs;
 * a plugin that throws, or does not end in time, is a refusal for each sampler that it announced.
 */
export async function registerPlugins(
  registry: SamplerRegistry,
  plugins: readonly PluginEntry[],
): Promise<void> {
  for (const { manifest, hooks } of plugins) {
    if (!registry.accepts(manifest)) continue;
    try {
      for (const url of hooks)
        await withTimeout(register(url, registry, manifest), timeoutMs, `${url} gave no answer`);
    } catch (error) {
      const message = `${manifest.name} did not register its samplers: ${sentence(error)}`;
      registry.refuse(manifest, new RezolusError('REZ_ERR_PLUGIN_LOAD', message, { cause: error }));
    }
  }
}

async function register(url: string, registry: SamplerRegistry, manifest: PluginManifest): Promise<void> {
  const module: { default?: SamplersHook } = await import(url);
  if (typeof module.default !== 'function')
    throw new Error(`${url} has no default export that is a function`);
  await module.default({ registrar: registry.for(manifest), abi: ABI });
}
