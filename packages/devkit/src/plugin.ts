import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type PluginManifest, RezolusError, type SamplersHook } from '@rezolus/core';

/** LoadedPlugin: what a package says of itself, and its hook. */
export interface LoadedPlugin {
  readonly manifest: PluginManifest;
  readonly hook: SamplersHook;
}

/** loadPlugin: reads the package in `folder` and imports its hook `rezolus:samplers`. Throws REZ_ERR_PLUGIN_LOAD. */
export async function loadPlugin(folder: string): Promise<LoadedPlugin> {
  const fail = (why: string, cause?: unknown) =>
    new RezolusError('REZ_ERR_PLUGIN_LOAD', `${resolve(folder)}: ${why}`, { cause });
  let manifest: {
    name: string;
    version: string;
    rezolus?: PluginManifest;
    oclif?: { hooks?: Record<string, unknown> };
  };
  try {
    manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  } catch (cause) {
    throw fail('package.json cannot be read', cause);
  }
  const { name, version, rezolus, oclif } = manifest;
  if (rezolus === undefined) throw fail('package.json has no "rezolus"');
  const target = oclif?.hooks?.['rezolus:samplers'];
  if (typeof target !== 'string') throw fail('package.json names no hook "rezolus:samplers"');
  try {
    const { default: hook } = await import(pathToFileURL(resolve(folder, target)).href);
    return {
      manifest: { name, version, abi: rezolus.abi, samplers: rezolus.samplers, builtIn: false },
      hook,
    };
  } catch (cause) {
    throw fail(`${target} cannot be imported; is it built?`, cause);
  }
}
