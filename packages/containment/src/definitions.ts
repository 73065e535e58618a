import {
  type Logger,
  type PluginEntry,
  type ProgramInfo,
  RezolusError,
  type SamplerContext,
  type SamplerRegistry,
} from '@rezolus/core';
import { SnapshotCheck } from './check.ts';
import { ContainedPlugin } from './contained-plugin.ts';
import type { PluginLimits } from './limits.ts';
import type { Described, Refused } from './messages.ts';
import { codeOf, PluginProcess } from './process.ts';
import { verifyFiles } from './store/files.ts';
import { plain } from './text.ts';

/** Description: what a plugin registers, as data. */
export interface Description {
  readonly definitions: readonly Described[];
  readonly refusals: readonly Refused[];
}

/** InstalledPlugin: a plugin of a third party that may be run. */
export interface InstalledPlugin extends Description {
  readonly entry: PluginEntry;
  /** Folder of its files, which are compared with `digest` of the manifest before each start. */
  readonly root: string;
}

/** WatchCosts: takes note of what measures a plugin's BPF programs, until disposed; `sampler` is one of its samplers. */
export type WatchCosts = (
  plugin: string,
  sampler: string,
  source: { programInfo(): Promise<readonly ProgramInfo[]>; mapBytes(): number },
) => Disposable;

/** Largest description of a plugin as JSON, characters: it is handed on in arguments of a command. */
const maxDescription = 128 * 1024;

/**
 * describePlugin: what a plugin registers, found out in a process that has no capabilities at all. Throws
 * REZ_ERR_PLUGIN_LOAD, _CRASHED, _LIMIT, _DATA and REZ_ERR_SAMPLER_TIMEOUT.
 */
export async function describePlugin(
  plugin: PluginEntry,
  limits: PluginLimits,
  log: Logger,
): Promise<Description> {
  const { name } = plugin.manifest;
  const process = new PluginProcess({ plugin, limits, log, mayAttach: false });
  const timer = setTimeout(() => {
    const text = `${name} did not register its samplers within ${limits.start_timeout} ms`;
    process.kill(new RezolusError('REZ_ERR_SAMPLER_TIMEOUT', text));
  }, limits.start_timeout);
  try {
    const { message } = await process.begin({ task: 'describe', samplers: {} });
    if (
      message.kind !== 'described' ||
      !Array.isArray(message.definitions) ||
      !Array.isArray(message.refusals)
    )
      throw new RezolusError('REZ_ERR_PLUGIN_DATA', `${name} did not say what it registers`);
    const { definitions, refusals } = message;
    if (JSON.stringify(definitions).length > maxDescription) {
      const text = `${name} describes itself with more than ${maxDescription} characters`;
      throw new RezolusError('REZ_ERR_PLUGIN_LIMIT', text);
    }
    return { definitions, refusals };
  } finally {
    clearTimeout(timer);
    await process.stop();
  }
}

/**
 * registerContained: adds the samplers of an installed plugin to a registry. Each is created in the plugin's own
 * process, which starts with the first and ends with the last of them. `watch` is told of each process whose BPF
 * programs can be measured.
 */
export function registerContained(
  registry: SamplerRegistry,
  { entry, root, definitions, refusals }: InstalledPlugin,
  limits: PluginLimits,
  watch: WatchCosts = () => ({ [Symbol.dispose]() {} }),
): void {
  const { manifest } = entry;
  if (!registry.accepts(manifest)) return;
  for (const { sampler, code, message } of refusals)
    registry.refuse(
      { ...manifest, samplers: [plain(sampler)] },
      new RezolusError(codeOf(code), plain(message)),
    );
  const start = async (
    context: SamplerContext,
  ): Promise<AsyncDisposable & { readonly plugin: ContainedPlugin }> => {
    const plugin = await ContainedPlugin.start({
      plugin: entry,
      mayAttach: true,
      limits,
      log: context.log,
      samplers: Object.fromEntries(context.enabled),
      check: new SnapshotCheck({ plugin: manifest.name, definitions, maxSeries: limits.series_limit }),
      verify: () => verifyFiles(root, manifest),
    });
    const watched = watch(manifest.name, context.sampler, plugin);
    return {
      plugin,
      [Symbol.asyncDispose]: async () => {
        watched[Symbol.dispose]();
        await plugin[Symbol.asyncDispose]();
      },
    };
  };
  const registrar = registry.for(manifest);
  for (const definition of definitions) {
    registrar.add({
      ...definition,
      create: async (context) => {
        const { plugin } = await context.shared('process', () => start(context));
        return plugin.sampler(definition.name, (group) => context.group(group).firstIndex);
      },
    });
  }
}
