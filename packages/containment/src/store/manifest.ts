import { resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ABI, type PluginEntry, RezolusError } from '@rezolus/core';

/** hookEvent: the event to which a plugin reacts with its samplers. */
export const hookEvent = 'rezolus:samplers';

const packageName = /^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/;
const samplerName = /^[a-z][a-z0-9_]{0,62}$/;

/**
 * readManifest: what the package.json of a plugin in the folder `root` says. Throws REZ_ERR_PLUGIN_INSTALL with what is
 * missing for it to be a plugin, and REZ_ERR_PLUGIN_ABI, before any of its code has run.
 */
export function readManifest(root: string, text: string): PluginEntry {
  let pjson: Record<string, unknown>;
  try {
    pjson = JSON.parse(text) ?? {};
  } catch (cause) {
    throw notPlugin('its package.json is not JSON', { cause });
  }
  const { name, version, rezolus, oclif } = pjson as {
    name?: unknown;
    version?: unknown;
    rezolus?: { abi?: unknown; samplers?: unknown };
    oclif?: { hooks?: Record<string, unknown> };
  };
  if (typeof name !== 'string' || name.length > 214 || !packageName.test(name))
    throw notPlugin(`its name ${JSON.stringify(name)} is not that of a package`);
  if (typeof version !== 'string' || !/^[0-9A-Za-z.+-]{1,64}$/.test(version))
    throw notPlugin(`the version of ${name} is missing`);
  const abi = rezolus?.abi;
  if (!Number.isSafeInteger(abi)) throw notPlugin(`${name} has no "rezolus.abi" in its package.json`);
  if (abi !== ABI) {
    const which = (abi as number) > ABI ? 'Rezolus' : name;
    const message = `${name} speaks ABI ${abi}, this Rezolus speaks ${ABI}; upgrade ${which}`;
    throw new RezolusError('REZ_ERR_PLUGIN_ABI', message);
  }
  const samplers = rezolus?.samplers;
  if (!Array.isArray(samplers) || samplers.length === 0 || !samplers.every(isSamplerName))
    throw notPlugin(`${name} names no samplers in "rezolus.samplers" of its package.json`);
  const hooks = [oclif?.hooks?.[hookEvent] ?? []].flat();
  const targets = hooks.filter((hook): hook is string => typeof hook === 'string');
  if (targets.length === 0 || targets.length < hooks.length)
    throw notPlugin(`${name} has no hook "${hookEvent}" in "oclif.hooks" of its package.json`);
  return {
    manifest: { name, version, abi: ABI, samplers, builtIn: false },
    hooks: targets.map((target) => {
      const path = resolve(root, target);
      if (!path.startsWith(root + sep))
        throw notPlugin(`the hook ${target} of ${name} is not in its package`);
      return pathToFileURL(path).href;
    }),
  };
}

function isSamplerName(name: unknown): name is string {
  return typeof name === 'string' && samplerName.test(name);
}

function notPlugin(why: string, options?: { cause: unknown }): RezolusError {
  return new RezolusError('REZ_ERR_PLUGIN_INSTALL', `this is no plugin: ${why}`, options);
}
