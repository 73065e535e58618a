/**
 * Makes the npm packages: every package of the workspace as JavaScript with declarations, as a tarball of
 * `build/npm/` that `npm publish` takes. Node runs TypeScript only outside node_modules, so that what is published
 * differs from what is in the workspace: `src/` is compiled to `dist/`, and the manifest points there.
 * Usage: node scripts/pack.ts [FOLDER]. Prints the tarballs; makes them only where what they are made from has changed.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Manifest {
  readonly name: string;
  readonly files: readonly string[];
  readonly exports?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly oclif?: object;
  readonly scripts?: object;
  readonly devDependencies?: object;
}

const root = fileURLToPath(new URL('../', import.meta.url));
process.chdir(root);
const output = resolve(process.argv[2] ?? 'build/npm');
const folders = globSync(['bpf', 'packages/*'])
  .filter((folder) => existsSync(join(folder, 'package.json')))
  .sort();

const inputs = globSync([
  ...['scripts/pack.ts', 'tsconfig*.json', 'LICENSE-*', 'bpf/{include/**,package.json}'],
  ...[
    'packages/*/{package.json,README.md}',
    'packages/*/{src,bin,bpf,dashboards,loads,templates,dist/app}/**',
  ],
]).map((path) => `${path} ${statSync(path).mtimeMs}`);
const digest = createHash('sha256').update(inputs.sort().join('\n')).digest('hex');
const stamp = join(output, 'inputs.sha256');

/** A path of the sources as it is in the package. */
const shipped = (path: string): string => path.replace(/^\.\/src\b/, './dist').replace(/\.ts$/, '.js');

function exported(target: string): string | object {
  if (!target.endsWith('.ts')) return target;
  return { types: shipped(target).replace(/\.js$/, '.d.ts'), default: shipped(target) };
}

const mapValues = <From, To>(object: Readonly<Record<string, From>>, map: (value: From) => To) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));

function publishedManifest({ scripts: _, devDependencies: __, ...manifest }: Manifest): object {
  const { exports, bin, oclif, files } = manifest;
  return {
    ...manifest,
    files: [...new Set(files.map((file) => (file === 'src' ? 'dist' : file))), 'LICENSE-*'],
    ...(exports && { exports: mapValues(exports, exported) }),
    ...(bin && { bin: mapValues(bin, shipped) }),
    ...(oclif && {
      oclif: JSON.parse(JSON.stringify(oclif), (_, v) => (typeof v === 'string' ? shipped(v) : v)),
    }),
  };
}

/** Declarations keep the extensions of the sources, and programs in bin/ what they import from src/. */
const relink = (code: string): string =>
  code
    .replace(/(['"]\.{1,2}\/[^'"]*)\.ts(['"])/g, '$1.js$2')
    .replace(/(from\s+|import\(\s*)(['"])\.\.\/src\//g, '$1$2../dist/');

/** Puts what is published of one package into a folder of its own and returns it. */
function assemble(folder: string, compiled: string, target: string): string {
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const path of globSync('{src,bin}/**/*.{js,d.ts}', { cwd: join(compiled, folder) })) {
    const place = join(target, path.replace(/^src\b/, 'dist'));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, relink(readFileSync(join(compiled, folder, path), 'utf8')));
  }
  for (const path of globSync(
    manifest.files.filter((file) => file !== 'src' && file !== 'bin'),
    { cwd: folder },
  ))
    cpSync(join(folder, path), join(target, path), { recursive: true });
  for (const path of ['LICENSE-MIT', 'LICENSE-APACHE', ...globSync(`${folder}/{README.md,LICENSE*}`)])
    cpSync(path, join(target, basename(path)));
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
  return target;
}

function pack(): void {
  if (!existsSync('packages/viewer/dist/app/index.html')) throw new Error('run `npm run build:viewer` first');
  mkdirSync(dirname(output), { recursive: true });
  const temporary = mkdtempSync(`${output}-`);
  try {
    const compiled = join(temporary, 'compiled');
    const tsc = ['-p', 'tsconfig.build.json', '--outDir', compiled];
    execFileSync('node_modules/.bin/tsc', tsc, { stdio: 'inherit' });
    const packages = folders.map((folder) => assemble(folder, compiled, join(temporary, 'packages', folder)));
    const tarballs = join(temporary, 'tarballs');
    mkdirSync(tarballs);
    const npm = ['pack', '--silent', '--ignore-scripts', '--pack-destination', tarballs];
    execFileSync('npm', [...npm, ...packages]);
    writeFileSync(join(tarballs, basename(stamp)), digest);
    rmSync(output, { recursive: true, force: true });
    renameSync(tarballs, output);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest) pack();
for (const tarball of globSync('*.tgz', { cwd: output }).sort()) console.log(join(output, tarball));
