import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import type { SamplerStatus } from '@rezolus/core';
import { root } from '../support/rezolus.ts';

/**
 * packExample: a tarball of one of the examples, as its author's `npm pack` makes it, but without what that installs: the
 * types are taken out of its sources. Returns its path.
 */
export function packExample(name: string, folder: string): string {
  const from = join(root, 'examples', name);
  const stage = join(folder, `${name}-stage`);
  mkdirSync(stage);
  for (const part of ['package.json', 'README.md', 'bpf', 'dashboards'])
    if (existsSync(join(from, part))) cpSync(join(from, part), join(stage, part), { recursive: true });
  for (const path of globSync('**/*.ts', { cwd: join(from, 'src') })) {
    const target = join(stage, 'dist', path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    const code = stripTypeScriptTypes(readFileSync(join(from, 'src', path), 'utf8'));
    writeFileSync(target, code.replace(/(['"]\.{1,2}\/[^'"]*)\.ts(['"])/g, '$1.js$2'));
  }
  return pack(stage, folder);
}

/** pack: `npm pack` of a folder, whose scripts do not run. Returns the path of the tarball. */
export function pack(from: string, folder: string): string {
  const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  return join(folder, execFileSync('npm', args, { cwd: from, encoding: 'utf8' }).trim());
}

/** statuses: what an agent says of its samplers. */
export async function statuses(url: string): Promise<SamplerStatus[]> {
  const { samplers } = (await (await fetch(`${url}/status`)).json()) as { samplers: SamplerStatus[] };
  return samplers;
}

/** until: asks until the answer is as it shall be, and returns it. */
export async function until<T>(
  ask: () => Promise<T>,
  holds: (answer: T) => boolean,
  ms = 60_000,
): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`still ${JSON.stringify(answer).slice(0, 2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
