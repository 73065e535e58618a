import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

async function npm(cwd: string, ...args: string[]): Promise<{ code: number; output: string }> {
  const child = spawn('npm', args, { cwd, env: registry.env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: child.exitCode!, output: out + err };
}

describe('npm create @rezolus/sampler', () => {
  it.each([
    ['bpf', /bpf_sampler: active, by (tp_btf|raw_tp)\/sched_process_exec.*\n +bpf_sampler_started {2}\d+/],
    ['procfs', /procfs_sampler_page_faults {2}\d+ {2}\(\d/],
    ['library', /library_sampler_load\{window="1m"\} {2}\d+/],
  ])('makes a package that builds, passes its tests and shows data: %s', async (template, shown) => {
    const name = `${template}-sampler`;
    const { code, output } = await npm(
      folder,
      'create',
      '@rezolus/sampler',
      name,
      '--',
      '--template',
      template,
    );
    expect(output).toMatch(/ℹ fail 0/);
    expect(output).toMatch(/ℹ pass [1-9]/);
    expect(output).toMatch(shown);
    expect(code).toBe(0);
  });
});
