/**
 * Makes the tree that is shipped: build/stage/ with every package as JavaScript, the viewer's app, the configuration and
 * the production dependencies, nothing else. Usage: node scripts/stage.ts [FOLDER]
 */
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  [key: string]: unknown;
}

const stage = process.argv[2] ?? 'build/stage';
const modules = join(stage, 'node_modules');
const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** Specifiers of our own modules end in .ts in the sources and in .js in what is shipped. */
function toJavaScript(source: string): string {
  return stripTypeScriptTypes(source).replace(
    /((?:from|import)\s*\(?\s*['"](?:\.{1,2}\/)[^'"]*)\.ts(['"])/g,
    '$1.js$2',
  );
}

function stagePackage(folder: string): Manifest {
  const manifest = manifestOf(folder);
  const target = join(modules, manifest.name);
  for (const path of globSync('{src,bin}/**/*.ts', { cwd: folder, exclude: ['src/app/**'] })) {
    const out = join(target, path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, toJavaScript(readFileSync(join(folder, path), 'utf8')));
  }
  for (const path of globSync('{bpf/*.bpf.o,dashboards/*.json,dist/app/**,include/**,src/**/*.json}', {
    cwd: folder,
  })) {
    cpSync(join(folder, path), join(target, path), { recursive: true });
  }
  const { devDependencies: _, scripts: __, ...shipped } = manifest;
  const text = JSON.stringify(shipped, null, 2).replace(/(\.\/(?:src|bin)\/[^"]*)\.ts"/g, '$1.js"');
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'package.json'), `${text}\n`);
  return manifest;
}

/** Copies a package of the registry and what it depends on, as npm laid it out. */
function stageDependency(name: string, from: string, done: Set<string>): void {
  const source = [join(from, 'node_modules', name), join('node_modules', name)].find((path) =>
    existsSync(path),
  );
  if (source === undefined || done.has(source)) return;
  done.add(source);
  cpSync(source, join(stage, source), { recursive: true, filter: (path) => !path.endsWith('.map') });
  const { dependencies, optionalDependencies } = manifestOf(source);
  for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies }))
    stageDependency(dependency, source, done);
}

rmSync(stage, { recursive: true, force: true });
const shipped = globSync('{bpf,packages/*}')
  .sort()
  .filter((folder) => existsSync(join(folder, 'package.json')));
const done = new Set<string>();
for (const folder of shipped) {
  const { dependencies = {} } = stagePackage(folder);
  for (const name of Object.keys(dependencies))
    if (!name.startsWith('@rezolus/')) stageDependency(name, folder, done);
}
cpSync('config', join(stage, 'config'), { recursive: true });
