import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sha512 } from '../src/store/files.ts';
import type { PluginStore, Stored } from '../src/store/index.ts';

/** Package: what a test's package says in its package.json, and its files. */
export interface Package {
  readonly name: string;
  readonly samplers?: readonly string[];
  readonly abi?: number;
  readonly files?: Readonly<Record<string, string>>;
  readonly more?: object;
}

/** adopt: puts a package into a store as npm would have left it in the staging folder. */
export async function adopt(store: PluginStore, given: Package): Promise<Stored> {
  const { name, samplers = ['guest'], abi = 1, files = {}, more = {} } = given;
  const staging = await store.stage();
  const manifest = {
    name,
    version: '1.0.0',
    type: 'module',
    rezolus: { abi, samplers },
    oclif: { hooks: { 'rezolus:samplers': './register.js' } },
    ...more,
  };
  const lock = {
    packages: {
      '': { dependencies: { [name]: 'file:package.tgz' } },
      [`node_modules/${name}`]: { version: '1.0.0', integrity: `sha512-${sha512(JSON.stringify(given))}` },
    },
  };
  writeFileSync(join(staging, 'package-lock.json'), JSON.stringify(lock), { mode: 0o644 });
  const all = {
    'package.json': JSON.stringify(manifest),
    'register.js': 'export default () => {};',
    ...files,
  };
  for (const [path, content] of Object.entries(all)) {
    const full = join(staging, 'node_modules', name, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
  }
  return store.adopt(staging, 'a test');
}
