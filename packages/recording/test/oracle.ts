import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = new URL('../../../', import.meta.url);
const interpreter = fileURLToPath(new URL('.venv/bin/python', root));

/** hasPython: whether the environment with pyarrow and DuckDB is there (`npm run setup` creates it). */
export const hasPython = existsSync(interpreter);

/** shared: a path of the folder beside the repository with recordings and corpora of others, or null where absent. */
export function shared(path: string): string | null {
  const full = fileURLToPath(new URL(`../shared/${path}`, root));
  return existsSync(full) ? full : null;
}

if (!hasPython) console.warn('skipped: .venv with pyarrow and duckdb is not there, run `npm run setup`');
if (shared('recordings') === null) console.warn('skipped: the folder with sample recordings is not there');

/** python: runs a script that prints JSON; integers come back as numbers, so print large ones as strings. */
export function python<T>(script: string, ...args: string[]): T {
  const output = execFileSync(interpreter, ['-c', script, ...args], { maxBuffer: 2 ** 28 });
  return JSON.parse(output.toString()) as T;
}

/** scratch: a folder that disappears at the end of the scope. */
export function scratch(): { path(name: string): string; [Symbol.dispose](): void } {
  const folder = mkdtempSync(join(tmpdir(), 'rezolus-recording-'));
  return {
    path: (name) => join(folder, name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
