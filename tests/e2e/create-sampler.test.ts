import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { PackageRegistry } from '../support/registry.ts';

let registry: PackageRegistry;
let folder: string;
beforeAll(async () => {
  registry = await PackageRegistry.start();
  folder = mkdtempSync(join(tmpdir(), 'rezolus-create-'));
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

// The template bpf is made in writing-a-plugin.test.ts.
describe.concurrent('npm create @rezolus/sampler', () => {
  it.for([
    ['procfs', /procfs_sampler_page_faults {2}\d+ {2}\(\d/],
    ['library', /library_sampler_load\{window="1m"\} {2}\d+/],
  ] as const)(
    'makes a package that builds, passes its tests and shows data: %s',
    async ([template, shown], { expect }) => {
      const [name, options] = [`${template}-sampler`, ['--', '--template', template]];
      const { code, output } = await registry.npm(folder, 'create', '@rezolus/sampler', name, ...options);
      expect(output).toMatch(/ℹ pass [1-9]/);
      expect(output).toMatch(/ℹ fail 0/);
      expect(output).toMatch(shown);
      expect(code).toBe(0);
    },
  );
});
