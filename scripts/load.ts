/**
 * A small load, so that a demonstration has something to show: bursts of system calls, a CPU-bound stretch, two
 * processes that wake each other, files written and read. Usage: node scripts/load.ts SECONDS
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const seconds = Number(process.argv[2] ?? 30);
const until = performance.now() + seconds * 1000;
const folder = mkdtempSync(join(tmpdir(), 'rezolus-load-'));
const echo = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });

function busy(ms: number, work: () => void): void {
  const end = performance.now() + ms;
  while (performance.now() < end) work();
}

/** One round trip through another process. */
function pingPong(): Promise<void> {
  return new Promise((resolve) => {
    echo.stdout.once('data', () => resolve());
    echo.stdin.write('x');
  });
}

const block = Buffer.alloc(256 * 1024, 7);
for (let round = 0; performance.now() < until; round++) {
  // The pattern has a period of a few seconds, so that charts have a shape.
  const phase = (Math.sin(performance.now() / 2000) + 1) / 2;
  busy(20 + 60 * phase, () => createHash('sha256').update(block).digest());
  busy(10, () => statSync(folder));
  for (let i = 0; i < 200 * phase; i++) await pingPong();
  writeFileSync(join(folder, `file-${round % 8}`), block);
  readFileSync(join(folder, `file-${round % 8}`));
  await new Promise((resolve) => setTimeout(resolve, 20));
}
echo.kill();
rmSync(folder, { recursive: true });
