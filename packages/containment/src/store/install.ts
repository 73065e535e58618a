import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RezolusError } from '@rezolus/core';
import type { PluginStore, Stored } from './store.ts';

const run = promisify(execFile);

/** Spec: what shall be installed: a package of the registry, or a path. */
export type Spec =
  | { readonly kind: 'registry'; readonly spec: string }
  | { readonly kind: 'tarball' | 'folder'; readonly path: string };

/**
 * parseSpec: what the user named. What looks like a path is one, `file:` before it or not; a bare word is a package of
 * the registry, with a version or tag behind an @. Throws REZ_ERR_PLUGIN_INSTALL for addresses of other kinds.
 */
export function parseSpec(text: string): Spec {
  const given = text.startsWith('file://') ? fileURLToPath(text) : text.replace(/^file:/, '');
  const isName = /^(@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*(@[\w.^~<>=*+-]+)?$/i.test(given);
  const isPath = given !== text || /^[./~]/.test(given) || /\.(tgz|tar\.gz)$/.test(given) || !isName;
  if (!isPath) return { kind: 'registry', spec: given };
  const path = resolve(given);
  if (!existsSync(path)) {
    const why = /:/.test(given) ? 'is not a name, a tarball or a folder' : 'does not exist';
    throw new RezolusError('REZ_ERR_PLUGIN_INSTALL', `${text} ${why}`);
  }
  return { kind: statSync(path).isDirectory() ? 'folder' : 'tarball', path };
}

/**
 * installPlugin: installs a plugin with npm into a folder of its own. Lifecycle scripts never run, and peers are not
 * installed: what a plugin needs of Rezolus it gets from the agent. Throws REZ_ERR_PLUGIN_INSTALL, also where npm
 * fails, and REZ_ERR_PLUGIN_ABI; the store is then as before.
 */
export async function installPlugin(store: PluginStore, text: string): Promise<Stored> {
  const spec = parseSpec(text);
  // Whatever root's shell says: the agent and the plugin's process may be other users.
  process.umask(0o022);
  const staging = await store.stage();
  try {
    await writeFile(join(staging, 'package.json'), '{ "private": true }\n', { mode: 0o644 });
    await npm(staging, 'install', ...(await target(spec, staging)));
    return await store.adopt(staging, spec.kind === 'registry' ? spec.spec : spec.path);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** What npm is told to install: a tarball is copied, so that it can go, and a folder made into one. */
async function target(spec: Spec, staging: string): Promise<string[]> {
  if (spec.kind === 'registry') return [spec.spec];
  if (spec.kind === 'tarball') {
    await copyFile(spec.path, join(staging, 'package.tgz'));
    return ['./package.tgz'];
  }
  const printed = await npm(staging, 'pack', '--json', '--pack-destination', staging, spec.path);
  const packed: unknown = JSON.parse(printed);
  // npm 11 lists what it packed, newer ones map it by name.
  const [{ filename }] = Object.values(packed as object) as [{ filename: string }];
  return [`./${basename(filename)}`];
}

async function npm(cwd: string, ...args: string[]): Promise<string> {
  const flags = [
    '--ignore-scripts',
    '--legacy-peer-deps',
    '--omit=dev',
    '--no-audit',
    '--no-fund',
    '--save-exact',
  ];
  try {
    const { stdout } = await run('npm', [...args, ...flags], { cwd, maxBuffer: 16 * 1024 * 1024 });
    return stdout;
  } catch (cause) {
    const { code, stderr = '' } = cause as { code?: unknown; stderr?: string };
    const said = stderr.match(/^npm error (?!code|A complete log)(.*\S)/m)?.[1];
    if (said !== undefined) throw new RezolusError('REZ_ERR_PLUGIN_INSTALL', `npm: ${said}`);
    const why = code === 'ENOENT' ? 'npm is not installed' : 'npm failed';
    throw new RezolusError('REZ_ERR_PLUGIN_INSTALL', why, { cause });
  }
}
