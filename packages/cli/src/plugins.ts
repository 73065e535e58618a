import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Interfaces } from '@oclif/core';
import { PluginStore } from '@rezolus/containment/store';
import type { PluginEntry } from '@rezolus/core';

const event = 'rezolus:samplers';

/**
 * builtInPlugins: the plugins of this command that have a hook for `rezolus:samplers`, in no particular order. Nothing
 * of them is loaded here.
 */
export function builtInPlugins(config: Interfaces.Config): PluginEntry[] {
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
        builtIn: true,
      },
      hooks: hooks.map(({ target }) => pathToFileURL(join(plugin.root, target)).href),
    };
  });
}

/**
 * pluginStore: where plugins are installed: `plugins` in REZOLUS_DATA_DIR; without that variable below /var/lib/rezolus
 * for root, so that it is the same for the service and for whoever installs, else in the user's own data folder.
 */
export function pluginStore(config: Interfaces.Config): PluginStore {
  const ofUser = process.geteuid!() === 0 ? '/var/lib/rezolus' : config.dataDir;
  return new PluginStore(join(process.env.REZOLUS_DATA_DIR ?? ofUser, 'plugins'));
}

/**
 * pluginFolders: the folders of all plugins, ours and installed ones whose files are those that were installed; `broken`
 * hears of the others.
 */
export async function pluginFolders(
  config: Interfaces.Config,
  broken: (error: unknown) => void,
): Promise<{ name: string; folder: string }[]> {
  const folders = [...config.plugins.values()].map(({ name, root }) => ({ name, folder: root }));
  const store = pluginStore(config);
  for (const stored of await store.list()) {
    try {
      const { root } = await store.open(stored);
      folders.push({ name: stored.name, folder: join(root, stored.name) });
    } catch (error) {
      broken(error);
    }
  }
  return folders;
}

/** reloadHint: what makes a running agent see that plugins were installed or removed. */
export const reloadHint = 'A running agent sees it after `systemctl reload rezolus`, or SIGHUP.';
