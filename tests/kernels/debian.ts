import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Kernel: a stock kernel of Debian, unpacked: the boot image and the modules that the loads need, in order of loading. */
export interface Kernel {
  readonly package: string;
  readonly image: string;
  readonly modules: readonly string[];
}

/** KernelUnavailable: the kernel cannot be had on this machine, and why. */
export class KernelUnavailable extends Error {}

/** Modules that the loads use; what a kernel has built in is not among its files. */
const wanted = ['dummy', 'loop'];

const cache = fileURLToPath(new URL(`../../.cache/kernels/${wanted.join('+')}/`, import.meta.url));

/**
 * fetchKernel: the newest package whose name matches, from the cache or through apt-get. Throws KernelUnavailable
 * where there is neither.
 */
export function fetchKernel(name: RegExp): Kernel {
  if (process.arch !== 'x64')
    throw new KernelUnavailable(`kernels are booted on x86-64 only, this is ${process.arch}`);
  const cached = () => (existsSync(cache) ? newest(readdirSync(cache), name) : undefined);
  let known = newest(packages(), name);
  if (known === undefined) {
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
    known = newest(packages(), name);
  }
  if (known !== undefined && known !== cached() && !fetch(known)) {
    // The archive drops superseded packages: the lists of this machine may name one that is gone.
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
    known = newest(packages(), name);
    if (known !== undefined) fetch(known);
  }
  const found = cached();
  if (found === undefined) {
    throw new KernelUnavailable(
      known === undefined ? `apt-cache knows no package ${name.source}` : `cannot download ${known}`,
    );
  }
  const folder = join(cache, found);
  const order: string[] = JSON.parse(readFileSync(join(folder, 'modules.json'), 'utf8'));
  return {
    package: found,
    image: join(folder, 'vmlinuz'),
    modules: order.map((module) => join(folder, module)),
  };
}

function packages(): string[] {
  const { stdout } = spawnSync('apt-cache', ['search', '--names-only', '^linux-image-'], {
    encoding: 'utf8',
  });
  return (stdout ?? '').split('\n').map((line) => line.split(' ')[0]!);
}

function newest(names: readonly string[], pattern: RegExp): string | undefined {
  const collator = new Intl.Collator('en', { numeric: true });
  return names
    .filter((name) => pattern.test(name))
    .sort(collator.compare)
    .at(-1);
}

/** Downloads a package and unpacks what is needed; false where it cannot be downloaded. */
function fetch(name: string): boolean {
  const work = join(cache, `.${name}.${process.pid}`);
  mkdirSync(work, { recursive: true });
  try {
    const download = spawnSync('apt-get', ['download', '-qq', name], { cwd: work, stdio: 'ignore' });
    const archive = readdirSync(work).find((file) => file.endsWith('.deb'));
    if (download.status !== 0 || archive === undefined) return false;
    execFileSync('dpkg-deb', ['--extract', archive, 'root'], { cwd: work });
    const unpacked = join(work, 'unpacked');
    mkdirSync(unpacked);
    const boot = readdirSync(join(work, 'root/boot')).find((file) => file.startsWith('vmlinuz'))!;
    renameSync(join(work, 'root/boot', boot), join(unpacked, 'vmlinuz'));
    writeFileSync(join(unpacked, 'modules.json'), JSON.stringify(copyModules(join(work, 'root'), unpacked)));
    rmSync(join(cache, name), { recursive: true, force: true });
    renameSync(unpacked, join(cache, name));
    return true;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Copies the wanted modules and what they depend on; returns their file names in order of loading. */
function copyModules(root: string, to: string): string[] {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.ko(\.xz)?$/.test(file),
  );
  const byName = new Map(files.map((file) => [moduleName(file), join(root, file)]));
  const order = new Set<string>();
  const add = (name: string) => {
    const path = byName.get(name);
    const file = `${name}.ko`;
    if (path === undefined || order.has(file)) return;
    const content = path.endsWith('.xz')
      ? execFileSync('busybox', ['xzcat', path], { maxBuffer: 2 ** 26 })
      : readFileSync(path);
    const depends = /\0depends=([^\0]*)/.exec(content.toString('latin1'))?.[1] ?? '';
    for (const other of depends.split(',')) add(other);
    writeFileSync(join(to, file), content);
    order.add(file);
  };
  for (const name of wanted) add(name);
  return [...order];
}

function moduleName(file: string): string {
  return basename(file)
    .replace(/\.ko(\.xz)?$/, '')
    .replaceAll('-', '_');
}
