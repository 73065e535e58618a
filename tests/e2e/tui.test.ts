import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/rezolus.ts';

const recording = join(root, '../shared/recordings/rezolus-180s.parquet');
const missing = [
  ...(existsSync(recording) ? [] : [recording]),
  ...(spawnSync('script', ['--version']).status === 0 ? [] : ['script(1)']),
];
if (missing.length > 0) console.warn(`tui: skipped, there is no ${missing.join(' and no ')}`);

test.skipIf(missing.length > 0)(
  'a terminal shows tiles, then sections by keys, and is left as it was',
  async () => {
    const command = `stty rows 30 cols 110; exec '${process.execPath}' packages/cli/bin/run.ts view --tui '${recording}'`;
    const child = spawn('script', ['-qfec', command, '/dev/null'], {
      cwd: root,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    const frame = () => text.split('\u001b[H').at(-1)!;
    try {
      await expect.poll(frame, { timeout: 30_000 }).toMatch(/Busy % +0\.\d+ % {2}max 0\.\d+ %/);
      expect(frame()).toContain('Rezolus  rezolus-180s.parquet');
      child.stdin.write('\tjj');
      await expect.poll(frame, { timeout: 30_000 }).toMatch(/▶CPU +\d+\/38/);
      await expect.poll(frame, { timeout: 30_000 }).toMatch(/User % +[\d.]+ %/);
      child.stdin.write('[');
      await expect.poll(frame, { timeout: 30_000 }).toContain('1 m to');
      child.stdin.write('?');
      await expect.poll(frame, { timeout: 30_000 }).toContain('leave');
      child.stdin.write('xq');
      expect((await ended)[0]).toBe(0);
      expect(text).toContain('\u001b[?1049h');
      expect(text.trimEnd().endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
    } finally {
      child.kill('SIGKILL');
    }
  },
);
