import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FloatColumn, HistogramColumn } from '@rezolus/query';
import { describe, expect, it, onTestFinished } from 'vitest';
import { wordsOf } from '../src/parquet/bytes.ts';
import { RecordingWriter } from '../src/parquet/writer.ts';
import { openRecording } from '../src/reader/open.ts';
import { blobSource, readRanges } from '../src/reader/range-source.ts';
import { openRecordingSource, type Recording } from '../src/reader/recording.ts';
import type { GroupDecoder } from '../src/source/decode-group.ts';
import { DecodeHelper } from '../src/source/decode-helper.ts';
import { rowTimes } from '../src/source/row-times.ts';
import { recordingSource } from '../src/source.ts';
import { hasPython, python, shared } from './oracle.ts';
import { memorySink } from './rewrite.ts';

const recordings = shared('recordings');
const second = 1_000_000_000n;
const start = 1_795_427_121n * second;

type Rows = readonly { c: bigint | null; g: bigint | null; h: bigint[] | null }[];

async function sample(rows: Rows): Promise<Recording> {
  return openRecordingSource(blobSource(new Blob([await sampleBytes(rows)])));
}

/** A recording with row groups of 4 rows: counter, gauge and histogram by row; null = no value. */
async function sampleBytes(rows: Rows): Promise<Uint8Array<ArrayBuffer>> {
  const sink = memorySink();
  const writer = new RecordingWriter(sink, { createdBy: 'test', rowGroupRows: 4 });
  const labels = { metric_type: 'x', unit: 'bytes', id: '7', name: '__proto__' };
  const counter = writer.addColumn({ name: '0', kind: 'counter', metadata: { metric: 'c', ...labels } });
  const gauge = writer.addColumn({ name: '1', kind: 'gauge', metadata: { metric: 'g', ...labels } });
  const powers = { grouping_power: '0', max_value_power: '3' };
  const histogram = writer.addColumn({
    name: '2:buckets',
    kind: 'histogram',
    metadata: { metric: 'h', ...labels, ...powers },
  });
  for (const [row, { c, g, h }] of rows.entries()) {
    writer.startRow(start + BigInt(row) * second + 1_400_000n, 5n);
    for (const [column, value] of [
      [counter, c],
      [gauge, g],
    ] as const) {
      if (value === null) continue;
      const words = wordsOf(BigInt64Array.of(BigInt.asIntN(64, value)));
      writer.scalar(column, words[0]!, words[1]!);
    }
    if (h !== null) writer.histogram(histogram, BigUint64Array.from(h));
    await writer.endRow();
  }
  const keys = { sampling_interval_ms: '1000', descriptions: '{"c":"what c counts"}' };
  await writer.finish(new Map(Object.entries(keys)));
  return Uint8Array.from(sink.bytes());
}

const big = 2n ** 63n;
const rows = [
  { c: big, g: -5n, h: [0n, 1n, 0n, 0n] },
  { c: big + 3n, g: null, h: [0n, 1n, 2n, 0n] },
  { c: null, g: 4n, h: null },
  { c: big + 10n, g: 6n, h: [0n, 1n, 2n, 0n] },
  { c: big + 11n, g: 6n, h: [1n, 1n, 3n, 0n] },
  { c: 2n, g: 7n, h: [0n, 0n, 3n, 0n] },
  { c: 3n, g: 7n, h: [0n, 0n, 3n, big] },
  { c: 3n, g: null, h: [0n, 0n, 3n, big + 9n] },
  { c: 5n, g: 1n, h: [0n, 1n, 0n, 0n] },
];
const at = (row: number) => Number(start / 1_000_000n) + row * 1000;

/** Entries of each row as `bucket:count`, with `!` before where the row is a reset. */
function histogramRows(column: HistogramColumn): string[] {
  return Array.from(column.times, (_, row) => {
    const entries: string[] = column.resets[row] === 1 ? ['!'] : [];
    for (let i = column.starts[row]!; i < column.starts[row + 1]!; i++) {
      entries.push(`${column.buckets[i]}:${column.counts[i]}`);
    }
    return entries.join(' ');
  });
}

describe('recordingSource', () => {
  it('describes series by their field metadata', async () => {
    const source = recordingSource(await sample(rows));
    expect(source.series()).toEqual([
      {
        id: 0,
        metric: 'c',
        kind: 'counter',
        labels: { id: '7', name: '__proto__' },
        unit: 'bytes',
        description: 'what c counts',
      },
      { id: 1, metric: 'g', kind: 'gauge', labels: { id: '7', name: '__proto__' }, unit: 'bytes' },
      {
        id: 2,
        metric: 'h',
        kind: 'histogram',
        labels: { id: '7', name: '__proto__' },
        unit: 'bytes',
        histogram: { groupingPower: 0, maxValuePower: 3 },
      },
    ]);
    expect([source.intervalMs, source.startMs, source.endMs]).toEqual([1000, at(0), at(8)]);
  });

  it('gives counters exactly, without the rows that are null, at whole intervals', async () => {
    const source = recordingSource(await sample(rows));
    const [counter, gauge] = (await source.load([0, 1], source.startMs, source.endMs)) as FloatColumn[];
    expect(counter?.base).toBe(big);
    expect([...counter!.times]).toEqual([0, 1, 3, 4, 5, 6, 7, 8].map(at));
    expect(counter!.exactTimes![2]).toBeCloseTo(at(3) + 1.4, 3);
    expect([...counter!.values].slice(0, 4)).toEqual([0, 3, 10, 11]);
    expect([...gauge!.times]).toEqual([0, 2, 3, 4, 5, 6, 8].map(at));
    expect([...gauge!.values]).toEqual([-5, 4, 6, 6, 7, 7, 1]);
  });

  const expected = ['1:1', '2:2', '', '0:1 2:1', '! 2:3', `3:${2 ** 63}`, '3:9', '! 1:1'];

  it('gives what was added to each bucket, also across row groups and resets', async () => {
    const source = recordingSource(await sample(rows));
    const [column] = (await source.load([2], source.startMs, source.endMs)) as HistogramColumn[];
    expect([...column!.times]).toEqual([0, 1, 3, 4, 5, 6, 7, 8].map(at));
    expect(histogramRows(column!)).toEqual(expected);
  });

  it('decodes only the row groups of the range and joins what it has with what is asked later', async () => {
    const recording = await sample(rows);
    const reads: string[] = [];
    const counting: Recording = Object.create(recording, {
      readTimestamps: { value: () => recording.readTimestamps() },
      readPages: {
        value: (columns: number[], group: number) => {
          reads.push(`${columns}@${group}`);
          return recording.readPages(columns, group);
        },
      },
      read: { value: recording.read.bind(recording) },
      metadata: { value: recording.metadata },
      columns: { value: recording.columns },
      rowGroups: { value: recording.rowGroups },
      intervalMs: { value: recording.intervalMs },
    });
    const source = recordingSource(counting);
    await source.load([0, 2], at(8), at(8));
    expect(reads.splice(0)).toEqual(['2,4@2']);
    const middle = (await source.load([2], at(5), at(6))) as HistogramColumn[];
    expect(reads.splice(0)).toEqual(['4@1']);
    expect(histogramRows(middle[0]!)[0]).toBe('0:1 1:1 2:3');
    const [counter, whole] = await source.load([0, 2], at(0), at(8));
    expect(reads.splice(0)).toEqual(['2,4@0', '2@1']);
    expect(histogramRows(whole as HistogramColumn)).toEqual(expected);
    expect((counter as FloatColumn).base).toBe(5n);
    expect((counter as FloatColumn).values.at(-1)).toBe(0);
    await Promise.all([source.load([1], at(0), at(8)), source.load([1], at(0), at(8))]);
    expect(reads).toEqual(['3@0', '3@1', '3@2']);
  });

  it('forgets the columns that were not used for longest', async () => {
    const recording = await sample(rows);
    const source = recordingSource(recording, { cacheBytes: 400 });
    const [first] = await source.load([0], at(0), at(8));
    const [again] = await source.load([0], at(0), at(8));
    expect(again).toBe(first);
    await source.load([1], at(0), at(8));
    const [third] = await source.load([0], at(0), at(8));
    expect(third).not.toBe(first);
    expect(third).toEqual(first);
  });

  it('gives the same with a helper, which decodes a part of what is prefetched', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rezolus-source-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'recording.parquet');
    const long = Array.from({ length: 50 }, (_, i) => ({
      c: i % 7 === 3 ? null : big + BigInt(i * i),
      g: BigInt(i % 5) - 2n,
      h: i % 11 === 5 ? null : [BigInt(i), BigInt(i % 20), 1n, 0n],
    }));
    writeFileSync(path, await sampleBytes(long));
    const own = new DecodeHelper(path);
    onTestFinished(() => own.close());
    const decoded: number[] = [];
    const helper: GroupDecoder = {
      parallel: 2,
      decode(group, columns) {
        decoded.push(group);
        return own.decode(group, columns);
      },
    };
    await using recording = await openRecording(path);
    const [alone, helped] = [recordingSource(recording), recordingSource(recording, { helper })];
    const window = [at(0), at(49)] as const;
    await helped.prefetch!([0, 1, 2], ...window);
    expect(decoded.length).toBeGreaterThan(1);
    const before = decoded.length;
    const [counter, ...others] = await helped.load([0, 1, 2], ...window);
    expect(decoded.length).toBe(before);
    const [expectedCounter, ...expectedOthers] = await alone.load([0, 1, 2], ...window);
    expect(others).toEqual(expectedOthers);
    // The base is the first value that was decoded, whichever that was.
    const exact = (column: FloatColumn) => Array.from(column.values, (value) => column.base + BigInt(value));
    expect(exact(counter as FloatColumn)).toEqual(exact(expectedCounter as FloatColumn));
    expect((counter as FloatColumn).times).toEqual((expectedCounter as FloatColumn).times);
  });

  it('refuses to hold more than a query may read at once', async () => {
    const source = recordingSource(await sample(rows), { maxLoadBytes: 100 });
    await expect(source.load([0, 1], at(0), at(8))).rejects.toMatchObject({ code: 'REZ_ERR_QUERY_LIMIT' });
    expect(await source.load([1], at(8), at(8))).toHaveLength(1);
  });

  it('stops at a signal and refuses ids that it does not have', async () => {
    const source = recordingSource(await sample(rows));
    await expect(source.load([0], at(0), at(8), AbortSignal.abort(new Error('stop')))).rejects.toThrow(
      'stop',
    );
    await expect(source.load([3], at(0), at(8))).rejects.toThrow(RangeError);
    expect(await source.load([0], at(0), at(8))).toHaveLength(1);
  });

  it.skipIf(recordings === null || !hasPython)('adds up to the last state of a recording', async () => {
    const path = `${recordings}/rezolus-180s.parquet`;
    await using recording = await openRecording(path);
    const source = recordingSource(recording);
    const ids = source.series().map(({ id }) => id);
    const columns = await source.load(ids, source.startMs, source.endMs);
    const totals = columns.map((column) =>
      column.kind === 'histogram'
        ? String(column.counts.reduce((sum, count) => sum + count, 0))
        : String(column.values.length === 0 ? null : column.base + BigInt(column.values.at(-1)!)),
    );
    const last = `
import sys, json, pyarrow.parquet as pq
def last(c):
    v = next((x for x in reversed(c.to_pylist()) if x is not None), None)
    return str(sum(v)) if isinstance(v, list) else 'null' if v is None else str(v)
print(json.dumps([last(c) for c in pq.read_table(sys.argv[1]).columns[2:]]))`;
    expect(totals).toEqual(python(last, path));
  });
});

describe('rowTimes', () => {
  const ns = (...ms: number[]) => BigUint64Array.from(ms, (value) => BigInt(value * 1000) * 1000n);

  it('moves rows to the nearest interval unless two would meet', () => {
    expect([...rowTimes(ns(1001, 1999, 3002), 1000).times]).toEqual([1000, 2000, 3000]);
    expect([...rowTimes(ns(1001, 1700, 2100, 3002), 1000).times]).toEqual([1000, 1700, 2100, 3000]);
  });

  it('does not keep rows from before the clock was set back', () => {
    const { times, kept } = rowTimes(ns(5000, 6000, 2000, 5900, 7000), 1000);
    expect([...times].filter((_, row) => kept![row] === 1)).toEqual([5000, 6000, 7000]);
  });
});

it('readRanges reads neighbours together', async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
  const reads: number[] = [];
  const source = blobSource(new Blob([bytes]));
  const counting = {
    ...source,
    read: (offset: number, length: number) => {
      reads.push(offset);
      return source.read(offset, length);
    },
  };
  const ranges = [
    { offset: 90_000, length: 10 },
    { offset: 0, length: 10 },
    { offset: 10, length: 5 },
    { offset: 100, length: 0 },
  ];
  const read = await readRanges(counting, ranges);
  expect(read.map((part) => [...part])).toEqual(
    ranges.map(({ offset, length }) => [...bytes.subarray(offset, offset + length)]),
  );
  expect(reads).toEqual([0, 90_000]);
});
