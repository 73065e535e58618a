import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { nodeFileTrace } from '@vercel/nft';
import { minifySync } from 'vite';
import { ownPackages, root } from './workspace.ts';

/** What is loaded by a name that is put together at run time or by a `require` of our own, which no analysis finds. */
const loadedByName = [
  'node_modules/koffi/{package.json,index.cjs}',
  `node_modules/@koromix/koffi-${process.platform}-${process.arch}/{package.json,index.js}`,
  `node_modules/@koromix/koffi-${process.platform}-${process.arch}/${process.platform}_${process.arch}/koffi.node`,
  'node_modules/@oclif/plugin-help/{package.json,lib/**/*.js}',
];

/** What our packages are published with and an installed `rezolus` has no use for; dist/site is the viewer for static hosts. */
const unneeded = ['**/*.d.ts', 'README.md', 'LICENSE*', 'dist/site'];

/** What oclif would load to run TypeScript, which an installed `rezolus` never does. */
const neverLoaded = ['node_modules/typescript/**'];

/**
 * installModules: fills a `node_modules` folder inside the repository with our packages as they are published, and with
 * those files of other packages that ours load. They are found by following imports (@vercel/nft), because whole
 * packages would be three times the size: declarations, tests and variants for bundlers. Returns the folders of the
 * other packages, in the repository's node_modules.
 */
export async function installModules(modules: string): Promise<readonly string[]> {
  installOwn(modules);
  const entries = globSync('@rezolus/**/*.js', { cwd: modules, exclude: ['@rezolus/viewer/dist/app/**'] });
  const named = globSync(loadedByName, { cwd: root });
  // Our packages are found in the new folder, those of others in the repository's, which lies above it.
  const { fileList } = await nodeFileTrace(
    [...entries.map((path) => join(modules, path)), ...named.filter((path) => isCode(path))],
    { base: root, processCwd: root, exportsOnly: true, ignore: neverLoaded },
  );
  const files = [...new Set([...fileList, ...named])].filter(
    (path) => path.startsWith('node_modules/') && !path.startsWith('node_modules/@rezolus/'),
  );
  for (const path of files) cpSync(join(root, path), join(modules, relative('node_modules', path)));
  for (const path of entries) shrink(join(modules, path), false);
  for (const path of files) if (isCode(path)) shrink(join(modules, relative('node_modules', path)), true);
  return [...new Set(files.map(packageOf))].sort();
}

const isCode = (path: string): boolean => /\.[cm]?js$/.test(path);

function installOwn(modules: string): void {
  const tarballs = execFileSync(process.execPath, ['scripts/pack.ts'], { cwd: root, encoding: 'utf8' });
  for (const [name, { version }] of ownPackages()) {
    const file = `${name.slice(1).replace('/', '-')}-${version}.tgz`;
    const tarball = tarballs.split('\n').find((path) => path.endsWith(`/${file}`));
    if (tarball === undefined) throw new Error(`scripts/pack.ts made no ${file}`);
    const target = join(modules, name);
    mkdirSync(target, { recursive: true });
    execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '--no-same-owner', '-C', target]);
    for (const path of globSync(unneeded, { cwd: target })) rmSync(join(target, path), { recursive: true });
  }
}

/** Takes comments out of a program, and from others' the white space as well: a stack trace in ours keeps its lines. */
function shrink(path: string, whitespace: boolean): void {
  if (statSync(path).isDirectory()) return;
  const source = readFileSync(path, 'utf8');
  const { code, errors } = minifySync(path, source, {
    // What rewrites code also hides the names of CommonJS exports from importers.
    compress: false,
    mangle: false,
    codegen: { removeWhitespace: whitespace, legalComments: 'none' },
  });
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]!.message}`);
  writeFileSync(
    path,
    source.startsWith('#!') && !code.startsWith('#!') ? `${source.split('\n', 1)[0]}\n${code}` : code,
  );
}

/** The folder of the package that a file belongs to; packages nest. */
function packageOf(path: string): string {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)![0];
}
