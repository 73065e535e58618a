import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openRecording } from '../src/reader/open.ts';
import { record } from '../src/recorder/record.ts';
import { annotateRecording } from '../src/tools/annotate.ts';
import { combineRecordings } from '../src/tools/combine.ts';
import { upgradeRecording } from '../src/tools/convert.ts';
import { filterRecording } from '../src/tools/filter.ts';
import { startAgent } from './agent.ts';
import { hasPython, python, scratch, shared } from './oracle.ts';

const recordings = shared('recordings');
const files = recordings === null ? [] : readdirSync(recordings).filter((name) => name.endsWith('.parquet'));

/** Of each file, as pyarrow and as DuckDB read it: per column the values that are there and the sum of all numbers in it. */
const script = `
import sys, json, duckdb, pyarrow as pa, pyarrow.parquet as pq, pyarrow.compute as pc
duckdb.sql("SET enable_progress_bar = false") # it goes to stdout
def sums(table):
    out = []
    for c in table.columns:
        total = 0
        for chunk in c.chunks:
            if pa.types.is_list(c.type): chunk = chunk.flatten()
            total += pc.sum(chunk.cast(pa.uint64(), safe=False)).as_py() or 0
        out.append('%s %d %d' % (c.type if not pa.types.is_list(c.type) else 'list', len(c) - c.null_count, total % 2**64))
    return out
print(json.dumps([[sums(pq.ParquetFile(f).read()), sums(duckdb.read_parquet(f).to_arrow_table())] for f in sys.argv[1:]]))`;

type Sums = [pyarrow: string[], duckdb: string[]];

describe.skipIf(recordings === null || !hasPython)('pyarrow and DuckDB', () => {
  it.each(files)('find the same sums in %s and in what we make of it', { timeout: 120_000 }, async (name) => {
    using folder = scratch();
    const original = `${recordings}/${name}`;
    const ours = folder.path(name);
    await upgradeRecording(original, ours);
    const [theirs, made] = python<[Sums, Sums]>(script, original, ours);
    expect(theirs[0].filter((sum) => sum.startsWith('list')).length).toBeGreaterThan(15);
    expect(theirs[1]).toEqual(theirs[0]);
    expect(made[1]).toEqual(made[0]);
    // Ours are sorted by kind and name; a series without a value has no column.
    const filled = theirs[0].filter((sum) => !sum.endsWith(' 0 0'));
    expect(made[0].toSorted()).toEqual(filled.toSorted());
  });

  it('read what the recorder and the tools write of an agent of the original', {
    timeout: 60_000,
  }, async () => {
    using folder = scratch();
    const snapshots = ['a', 'b'].map((n) => readFileSync(`${recordings}/snapshot-v3-${n}.msgpack`));
    await using agent = await startAgent((n) => snapshots[n % 2]!);
    const [one, two, small, both] = ['1', '2', '3', '4'].map((n) => folder.path(n)) as [
      string,
      string,
      string,
      string,
    ];
    const stop = new AbortController();
    const options = { endpoints: [{ url: agent.url }], output: one, intervalMs: 50, rowGroupRows: 2 };
    await record({ ...options, signal: stop.signal }, ({ rows }) => {
      if (rows === 5) stop.abort();
    });
    copyFileSync(one, two);
    await annotateRecording(two, { node: 'two' });
    await filterRecording(one, { metrics: ['cpu_usage', 'syscall_latency'], output: small });
    await combineRecordings([one, two], both);
    const found = python<Sums[]>(script, one, two, small, both);
    for (const [pyarrow, duckdb] of found) {
      expect(pyarrow).toEqual(duckdb);
      expect(pyarrow.some((sum) => /^list [1-9]/.test(sum))).toBe(true);
    }
    const [whole, annotated, filtered] = found.map(([sums]) => sums) as [string[], string[], string[]];
    expect(annotated).toEqual(whole);
    await using recording = await openRecording(small);
    expect(filtered).toHaveLength(recording.columns.length);
    expect(filtered.every((sum) => whole.includes(sum))).toBe(true);
  });
});
