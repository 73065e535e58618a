import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ProcTable } from '../src/proc-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'rezolus-proc-'));
afterAll(() => rmSync(folder, { recursive: true }));

function table(text: string, keys: readonly string[]): ProcTable {
  const path = join(folder, 'table');
  writeFileSync(path, text);
  const opened = new ProcTable(path, keys);
  opened.refresh();
  return opened;
}

describe('ProcTable', () => {
  it('reads the first line, lines with units and the last line without a line feed', () => {
    using file = table('MemTotal:  16 kB\nMemFree:\t 7 kB\nnuma_hit 9007199254740991', [
      'MemTotal:',
      'MemFree:',
      'numa_hit ',
    ]);
    expect([0, 1, 2].map((key) => file.value(key))).toEqual([16, 7, 9007199254740991]);
  });

  it('does not take a key for the end or the start of another', () => {
    using file = table('SwapCached: 5 kB\nCachedX: 6 kB\nCached: 7 kB\n', ['Cached:']);
    expect(file.value(0)).toBe(7);
  });

  it('has no value for a key that is not there', () => {
    using file = table('a 1\n', ['b ']);
    expect(file.value(0)).toBeNull();
  });

  it('reads a file larger than its buffer', () => {
    using file = table(`${'x 1\n'.repeat(20_000)}last 42\n`, ['last ']);
    expect(file.value(0)).toBe(42);
  });
});
