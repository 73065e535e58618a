import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** root: the folder of the repository, with a slash at its end. */
export const root = fileURLToPath(new URL('../', import.meta.url));

/** Manifest: what is used of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** readManifest: the package.json of a folder. */
export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** version: that of the `rezolus` command, and so of the packages. */
export const { version } = readManifest(join(root, 'packages/cli'));

/**
 * buildTime: seconds since 1970 that everything in a package is dated with: SOURCE_DATE_EPOCH, else that of the last
 * commit (https://reproducible-builds.org/docs/source-date-epoch/).
 */
export const buildTime = Number(
  process.env.SOURCE_DATE_EPOCH ??
    execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }),
);

/** architecture: that of this machine as Debian and OCI call it. */
export const architecture = process.arch === 'x64' ? 'amd64' : process.arch;

/** ownPackages: our packages that the `rezolus` command needs, itself included, by name, each with its manifest. */
export function ownPackages(): ReadonlyMap<string, Manifest> {
  const all = new Map(
    globSync(join(root, 'packages/*/package.json')).map((path) => {
      const manifest = readManifest(join(path, '..'));
      return [manifest.name, manifest];
    }),
  );
  const needed = new Map<string, Manifest>();
  const add = (name: string) => {
    const manifest = all.get(name);
    if (manifest === undefined || needed.has(name)) return;
    needed.set(name, manifest);
    for (const dependency of Object.keys(manifest.dependencies ?? {})) add(dependency);
  };
  add('@rezolus/cli');
  return needed;
}
