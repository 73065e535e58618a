import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { root } from '../support/rezolus.ts';

/** Files that git knows, without generated ones. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => /\.(ts|svelte|c|h)$/.test(path) && !/\/(gen|fixtures)\//.test(path));

const text = (path: string) => readFileSync(root + path, 'utf8');
const imports = (path: string) =>
  [...text(path).matchAll(/(?:from|import\(|import)\s*['"]([^'"]+)['"]/g)].map((match) => match[1]!);
const packageOf = (path: string) => /^packages\/([^/]+)\/src\//.exec(path)?.[1];

/** What the sources of a package may import of the others; `*` = every plugin. Nothing imports the CLI. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  core: [],
  libbpf: ['core'],
  devkit: ['core', 'libbpf', 'bpf'],
  'create-sampler': ['core'],
  plugin: ['core', 'libbpf'],
  exposition: ['core'],
  query: ['core'],
  containment: ['core', 'exposition', 'libbpf'],
  agent: ['containment', 'core', 'exporter', 'exposition', 'libbpf'],
  exporter: ['core', 'exposition', 'libbpf'],
  recording: ['core', 'exposition', 'query'],
  hindsight: ['core', 'exposition', 'libbpf', 'recording'],
  viewer: ['core', 'exposition', 'query', 'recording'],
  cli: [
    'agent',
    'containment',
    'core',
    'create-sampler',
    'exporter',
    'hindsight',
    'libbpf',
    'recording',
    'viewer',
    'query',
  ],
};

describe('the house', () => {
  it('has imports that point one way', () => {
    const wrong = files.flatMap((path) => {
      const owner = packageOf(path);
      if (owner === undefined) return [];
      const rule = allowed[owner.startsWith('plugin-') ? 'plugin' : owner] ?? [];
      return imports(path)
        .map((name) => /^@rezolus\/([^/]+)/.exec(name)?.[1])
        .filter((name) => name !== undefined && name !== owner && !rule.includes(name))
        .map((name) => `${path} imports ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  it('keeps koffi, tsyringe and oclif in one place each', () => {
    const places: Readonly<Record<string, RegExp>> = {
      koffi: /^packages\/libbpf\//,
      tsyringe: /^packages\/core\/src\/registry\.ts$/,
      '@oclif/core': /^(packages\/cli|packaging)\//,
    };
    const wrong = files.flatMap((path) =>
      imports(path)
        .filter((name) => name in places && !places[name]!.test(path))
        .map((name) => `${path} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has no file over 400 lines, and half of them under 180', () => {
    const lengths = files.map((path) => ({ path, lines: text(path).split('\n').length }));
    expect(lengths.filter(({ lines }) => lines > 400)).toEqual([]);
    const sorted = lengths.map(({ lines }) => lines).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(180);
  });

  it('lists every dependency of a package in ARCHITECTURE.md', () => {
    const architecture = text('ARCHITECTURE.md');
    const manifests = execFileSync('git', ['ls-files', 'packages/*/package.json'], {
      cwd: root,
      encoding: 'utf8',
    });
    const missing = manifests
      .trim()
      .split('\n')
      .flatMap((path) => Object.keys(JSON.parse(text(path)).dependencies ?? {}))
      .filter((name) => !name.startsWith('@rezolus/') && !architecture.includes(`\`${name}\``));
    expect([...new Set(missing)]).toEqual([]);
  });
});
