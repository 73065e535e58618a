import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseSection } from '@rezolus/viewer';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { PackageRegistry } from '../support/registry.ts';
import { root } from '../support/rezolus.ts';

let registry: PackageRegistry;
let folder: string;
beforeAll(async () => {
  registry = await PackageRegistry.start();
  registry.env.NGINX_PROGRAM = join(root, '.cache/servers/usr/sbin/nginx');
  folder = mkdtempSync(join(tmpdir(), 'rezolus-examples-'));
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const examples = globSync(`${root}examples/rezolus-plugin-*`);

describe.concurrent('examples, with published packages and outside of the workspace', () => {
  it.for(examples.map((path) => [basename(path), path] as const))(
    '%s builds, passes its tests and is packed whole',
    async ([name, path], { expect }) => {
      const copy = join(folder, name);
      cpSync(path, copy, { recursive: true, filter: (source) => !/\/(node_modules|dist)$/.test(source) });
      for (const step of ['install', 'run build', 'run check --if-present', 'test', 'pack']) {
        const { code, output } = await registry.npm(copy, ...step.split(' '));
        expect(output).not.toMatch(/ℹ fail [1-9]/);
        expect(code, `npm ${step}: ${output}`).toBe(0);
      }
      const manifest = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8'));
      const tarball = join(copy, `${name}-${manifest.version}.tgz`);
      const packed = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).split('\n');
      const named = [
        ...Object.values<string>(manifest.oclif.hooks).map((target) => target.replace('./', '')),
        ...manifest.rezolus.sections,
        ...globSync('bpf/*.o', { cwd: copy }),
      ];
      for (const file of named) expect(packed).toContain(`package/${file}`);
      for (const section of manifest.rezolus.sections)
        expect(() => parseSection(JSON.parse(readFileSync(join(copy, section), 'utf8')))).not.toThrow();
    },
  );
});
