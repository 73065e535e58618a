import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CpioArchive } from './cpio.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Where the checkout lies in the guest. */
const home = '/rezolus';
const workspaces = ['packages/core', 'packages/libbpf', 'packages/devkit', 'tests/kernels'];
const ours = /^(?!test\/|node_modules\/).*\.(ts|mjs|json|c|bpf\.o)$/;
const theirs = /\.(js|cjs|mjs|json|node)$/;

/**
 * checkoutArchive: a root file system with Node, busybox, the shared libraries of both, and what of this checkout the
 * guest runs, without types: Node's own stripping is a WebAssembly program, which is slow under emulation.
 */
export function checkoutArchive(programs: readonly string[]): CpioArchive {
  const archive = new CpioArchive();
  for (const folder of ['/dev', '/proc', '/sys', '/tmp']) archive.folder(folder);
  archive.file('/init', readFileSync(new URL('init.sh', import.meta.url)), 0o755);
  addProgram(archive, '/bin/busybox', which('busybox'));
  addProgram(archive, '/bin/node', realpathSync(join(root, 'node_modules/node/bin/node')));
  for (const path of programs) addProgram(archive, path, path);
  addLibrary(archive, libbpf());
  archive.file(`${home}/package.json`, '{"type":"module"}');
  for (const folder of [...workspaces, ...plugins()]) {
    addFolder(archive, join(root, folder), ours);
    const { name } = manifest(join(root, folder));
    if (name !== undefined) archive.link(`${home}/node_modules/${name}`, `${home}/${folder}`);
    addDependencies(archive, folder);
  }
  return archive;
}

/** modulesArchive: kernel modules under /modules, numbered in order of loading. */
export function modulesArchive(modules: readonly string[]): CpioArchive {
  const archive = new CpioArchive();
  for (const [index, path] of modules.entries()) {
    archive.file(`/modules/${String(index).padStart(2, '0')}.ko`, readFileSync(path));
  }
  return archive;
}

/** plugins: the folders of our plugin packages. */
export function plugins(): string[] {
  return readdirSync(join(root, 'packages'))
    .filter(
      (name) => name.startsWith('plugin-') && existsSync(join(root, 'packages', name, 'src/register.ts')),
    )
    .map((name) => `packages/${name}`);
}

interface Manifest {
  readonly name?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function manifest(folder: string): Manifest {
  const path = join(folder, 'package.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
}

function addDependencies(archive: CpioArchive, folder: string): void {
  const { dependencies, optionalDependencies } = manifest(join(root, folder));
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const path = `node_modules/${name}`;
    if (name.startsWith('@rezolus/') || !existsSync(join(root, path)) || archive.has(`${home}/${path}`))
      continue;
    archive.folder(`${home}/${path}`);
    addFolder(archive, join(root, path), theirs);
    addDependencies(archive, path);
  }
}

/** Adds the files of a folder whose path in it matches. */
function addFolder(archive: CpioArchive, folder: string, files: RegExp): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!files.test(name)) continue;
    const path = join(folder, name);
    const content = readFileSync(path);
    const loaded = name.endsWith('.ts') ? stripTypeScriptTypes(content.toString()) : content;
    archive.file(join(home, relative(root, path)), loaded);
  }
}

function addProgram(archive: CpioArchive, target: string, path: string): void {
  archive.file(target, readFileSync(path), 0o755);
  for (const library of libraries(path)) addLibrary(archive, library);
}

function addLibrary(archive: CpioArchive, path: string): void {
  if (archive.has(path)) return;
  archive.file(path, readFileSync(path), 0o755);
  for (const library of libraries(path)) addLibrary(archive, library);
}

/** Absolute paths in the output of ldd: the libraries and the loader; none of a static program, which ldd refuses. */
function libraries(path: string): string[] {
  const { stdout } = spawnSync('ldd', [path], { encoding: 'utf8' });
  return [...stdout.matchAll(/\s(\/\S+) \(0x/g)].map(([, file]) => file!);
}

function libbpf(): string {
  const list = execFileSync('ldconfig', ['-p'], { encoding: 'utf8' });
  return /libbpf\.so\.1 .*=> (\S+)/.exec(list)![1]!;
}

function which(program: string): string {
  return execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
}
