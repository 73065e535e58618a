import { availableParallelism } from 'node:os';
import { type Logger, RezolusError } from '@rezolus/core';
import type { InstalledPlugin } from '../definitions.ts';
import type { PluginLimits } from '../limits.ts';
import type { PluginStore, Stored } from './store.ts';

/** PluginPolicy: what `[plugins]` of agent.toml says. */
export interface PluginPolicy extends PluginLimits {
  /** Names, or `name@sha512-…` for one tarball alone; absent = all that are installed, empty = none. */
  readonly allow?: readonly string[] | undefined;
}

/** Unloaded: a plugin that is not loaded, and why. */
export interface Unloaded {
  readonly stored: Stored;
  readonly error: RezolusError;
}

/** isAllowed: whether the policy names a plugin. */
export function isAllowed({ allow }: Pick<PluginPolicy, 'allow'>, { name, integrity }: Stored): boolean {
  return allow === undefined || allow.includes(name) || allow.includes(`${name}@${integrity}`);
}

/**
 * loadInstalled: the installed plugins that may be run, verified and asked what they register. What is not allowed, was
 * tampered with or does not answer is told with the reason. Throws REZ_ERR_PLUGIN_INTEGRITY where the list of plugins
 * itself cannot be trusted.
 */
export async function loadInstalled(
  store: PluginStore,
  policy: PluginPolicy,
  log: Logger,
): Promise<{ plugins: InstalledPlugin[]; unloaded: Unloaded[] }> {
  const loaded: (InstalledPlugin | Unloaded)[] = [];
  const stored = await store.list();
  // A process each, as many at a time as there are CPUs.
  for (let at = 0; at < stored.length; at += availableParallelism()) {
    const some = stored.slice(at, at + availableParallelism());
    loaded.push(...(await Promise.all(some.map((one) => load(store, one, policy, log)))));
  }
  return {
    plugins: loaded.filter((one) => 'entry' in one),
    unloaded: loaded.filter((one) => 'error' in one),
  };
}

async function load(
  store: PluginStore,
  stored: Stored,
  policy: PluginPolicy,
  log: Logger,
): Promise<InstalledPlugin | Unloaded> {
  try {
    if (!isAllowed(policy, stored)) {
      const message = `${stored.name} is installed, but plugins.allow does not name it`;
      throw new RezolusError('REZ_ERR_PLUGIN_NOT_ALLOWED', message);
    }
    const { entry, root } = await store.open(stored);
    // Whoever has no plugins does without the code that runs them.
    const { describePlugin } = await import('../definitions.ts');
    return { entry, root, ...(await describePlugin(entry, policy, log)) };
  } catch (error) {
    if (!(error instanceof RezolusError)) throw error;
    return { stored, error };
  }
}
