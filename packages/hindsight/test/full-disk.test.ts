import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RollingBuffer } from '../src/buffer.ts';
import { dumpBuffer } from '../src/dump.ts';
import { snapshotOf } from './agent.ts';
import { columnOf, Lines, scratch, steps } from './support.ts';

const second = 1_000_000_000n;
/** noise: something that hardly compresses. */
function noise(n: number, i: number): bigint {
  const mixed = Math.imul((n * 131 + i) ^ ((n * 131 + i) >>> 7), 2654435761);
  return BigInt(Math.imul(mixed ^ (mixed >>> 13), 2246822519) >>> 0);
}

/** SmallDisk: a file system of some bytes. Throws where this user may not mount one. */
class SmallDisk implements Disposable {
  readonly path: string;
  constructor(path: string, size: string) {
    this.path = path;
    mkdirSync(path);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path], { stdio: 'ignore' });
  }
  [Symbol.dispose](): void {
    execFileSync('umount', [this.path]);
  }
}

it('holds less when the disk is full, and goes on', async ({ skip }) => {
  using folder = scratch();
  const mounted = () => {
    try {
      return new SmallDisk(folder.path('disk'), '1m');
    } catch {
      return skip('mounting a small file system takes root');
    }
  };
  using disk = mounted();
  const path = `${disk.path}/b`;
  const log = new Lines();
  const options = { durationMs: 1e7, intervalMs: 1000, segmentRows: 60, createdBy: 'test', log: log.logger };
  await using buffer = await RollingBuffer.open({ folder: path, ...options });
  for (let n = 1; n <= 1500; n++) {
    const others = Array.from({ length: 100 }, (_, i) => ['noise', { id: String(i) }, noise(n, i)] as const);
    await buffer.append(snapshotOf(BigInt(n) * second, [['ticks', {}, BigInt(n)], ...others]), {});
    expect(buffer.state.newestNs).toBe(BigInt(n) * second);
  }
  expect(log.matching(/^the oldest segment is given up: .*ENOSPC/).length).toBeGreaterThan(3);
  expect(log.matching(/lost/)).toEqual([]);
  const output = folder.path('dump');
  const { rows } = await dumpBuffer({ folder: path, output, createdBy: 'test' });
  const { values } = await columnOf(output, 'ticks');
  expect(values).toHaveLength(rows);
  expect(rows).toBeGreaterThan(200);
  expect(values.at(-1)).toBe(1500n);
  expect(steps(values)).toEqual([1n]);
  // Nothing of what could not be begun stays.
  expect(readdirSync(path).filter((name) => name.endsWith('.partial')).length).toBeLessThanOrEqual(2);
});
