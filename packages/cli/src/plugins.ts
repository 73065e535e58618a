import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Interfaces } from '@oclif/core';
import type { PluginEntry } from '@rezolus/core';

const event = 'rezolus:samplers';

/**
 * samplerPlugins: the installed plugins that have a hook for `rezolus:samplers`, in no particular order. Nothing of them
 * is loaded here.
 */
export function samplerPlugins(config: Interfaces.Config): PluginEntry[] {
  return [...config.plugins.values()].flatMap((plugin) => {
    const hooks = plugin.hooks[event];
    if (hooks === undefined) return [];
    const { rezolus = {} } = plugin.pjson as { rezolus?: { abi?: unknown; samplers?: unknown } };
    const samplers = Array.isArray(rezolus.samplers)
      ? rezolus.samplers.filter((name) => typeof name === 'string')
      : [];
    return {
      manifest: {
        name: plugin.name,
        version: plugin.version,
        abi: typeof rezolus.abi === 'number' ? rezolus.abi : 0,
        samplers,
        builtIn: plugin.type === 'core',
      },
      hooks: hooks.map(({ target }) => pathToFileURL(join(plugin.root, target)).href),
    };
  });
}
