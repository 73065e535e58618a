import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { RezolusError } from '@rezolus/core/errors';
import { describe, expect, it } from 'vitest';
import type { ColumnData } from '../src/reader/data.ts';
import { openRecording } from '../src/reader/open.ts';
import { blobSource } from '../src/reader/range-source.ts';
import { openRecordingSource, type Recording } from '../src/reader/recording.ts';
import { hasPython, python, scratch, shared } from './oracle.ts';
import { memorySink, rewrite } from './rewrite.ts';

const recordings = shared('recordings');
const files = recordings === null ? [] : readdirSync(recordings).filter((name) => name.endsWith('.parquet'));
const damaged = shared('corpora/parquet-bad');

/** Per column: values that are there, their sum, and for lists the sum weighted by position, modulo 2^64. */
const sums = `
import sys, json, pyarrow as pa, pyarrow.parquet as pq, pyarrow.compute as pc
weights = {}
def column(c):
    c = c.combine_chunks()
    if not pa.types.is_list(c.type):
        return [len(c) - c.null_count, str((pc.sum(c.cast(pa.uint64(), safe=False)).as_py() or 0) % 2**64)]
    flat = c.flatten(); rows = len(c) - c.null_count; width = len(flat) // rows if rows else 0
    if (width, rows) not in weights: weights[width, rows] = pa.array(list(range(1, width + 1)) * rows, pa.uint64())
    total = pc.sum(pc.multiply(flat, weights[width, rows])).as_py() or 0
    return [rows, str(total % 2**64)]
f = pq.ParquetFile(sys.argv[1])
print(json.dumps([column(c) for c in f.read().columns]))`;

const u64 = (value: bigint) => BigInt.asUintN(64, value);

function sumOf(data: ColumnData): { rows: number; sum: bigint } {
  const rows = data.kind === 'histogram' ? data.starts.length - 1 : data.values.length;
  const present = data.valid?.reduce((count, valid) => count + valid, 0) ?? rows;
  let sum = 0n;
  if (data.kind === 'histogram') {
    for (let i = 0; i < data.counts.length; i++) sum += data.counts[i]! * BigInt(data.buckets[i]! + 1);
  } else {
    for (let row = 0; row < rows; row++) if (data.valid?.[row] !== 0) sum += BigInt(data.values[row]!);
  }
  return { rows: present, sum: u64(sum) };
}

async function sumsOf(recording: Recording): Promise<[number, string][]> {
  const totals: [number, string][] = [];
  for (const { index } of recording.columns) {
    let rows = 0;
    let sum = 0n;
    for (const group of recording.rowGroups) {
      const [data] = await recording.read([index], group.index);
      const part = sumOf(data!);
      rows += part.rows;
      sum += part.sum;
    }
    totals.push([rows, String(u64(sum))]);
  }
  return totals;
}

describe.skipIf(recordings === null)('openRecording', () => {
  it.each(files)('reads %s as pyarrow does', { timeout: 120_000 }, async (name) => {
    await using recording = await openRecording(`${recordings}/${name}`);
    const kinds = Object.groupBy(recording.columns, ({ kind }) => kind);
    expect(kinds.timestamp).toHaveLength(1);
    expect(kinds.duration).toHaveLength(1);
    expect(kinds.counter?.length).toBeGreaterThan(100);
    expect(kinds.gauge?.length).toBeGreaterThan(0);
    expect(kinds.histogram?.length).toBeGreaterThan(30);
    expect(kinds.other).toBeUndefined();
    for (const column of recording.columns) expect(column.metadata.metric_type).toBeDefined();
    const timestamps = await recording.readTimestamps();
    expect(timestamps).toHaveLength(recording.rows);
    expect(timestamps[0]).toBe(recording.rowGroups[0]?.firstNs);
    expect(timestamps.at(-1)).toBe(recording.rowGroups.at(-1)?.lastNs);
    if (hasPython) expect(await sumsOf(recording)).toEqual(python(sums, `${recordings}/${name}`));
  });

  it('reads from a Blob and addresses columns of one name by their index', async () => {
    await using recording = await openRecording(new Blob([readFileSync(`${recordings}/c16.parquet`)]));
    const twins = recording.columns.filter(({ name }) => name === '0::4');
    expect(twins.map(({ metadata }) => metadata.metric)).toHaveLength(2);
    expect(twins[0]?.metadata).not.toEqual(twins[1]?.metadata);
    const data = await recording.read(
      twins.map(({ index }) => index),
      0,
    );
    expect(sumOf(data[0]!)).not.toEqual(sumOf(data[1]!));
    expect(recording.metadata.get('source')).toMatch(/^\["/);
  });

  it('decodes the same with parquet-wasm as without', async () => {
    for (const name of ['rezolus-180s', 'demo']) {
      const blob = new Blob([readFileSync(`${recordings}/${name}.parquet`)]);
      await using slow = await openRecordingSource(blobSource(blob));
      await using fast = await openRecording(blob);
      const indexes = slow.columns.map(({ index }) => index);
      expect(await fast.read(indexes, 0)).toEqual(await slow.read(indexes, 0));
    }
  });

  it.skipIf(!hasPython)('rewrites a recording of the original to at most 0.7 of its size', async () => {
    using folder = scratch();
    const original = `${recordings}/rezolus-180s.parquet`;
    await using recording = await openRecording(original);
    const sink = memorySink();
    await rewrite(recording, sink, { createdBy: 'test' });
    writeFileSync(folder.path('ours.parquet'), sink.bytes());
    expect(sink.bytes().length / recording.size).toBeLessThanOrEqual(0.7);
    const compare = `
import sys, json, pyarrow.parquet as pq
a, b = (pq.read_table(f) for f in sys.argv[1:])
key = lambda m: {k: v for k, v in m.items() if k != b'ARROW:schema'}
print(json.dumps([a.schema.equals(b.schema.with_metadata(a.schema.metadata), check_metadata=True), a.equals(b),
  key(pq.read_metadata(sys.argv[1]).metadata) == key(pq.read_metadata(sys.argv[2]).metadata)]))`;
    expect(python(compare, original, folder.path('ours.parquet'))).toEqual([true, true, true]);
    await using again = await openRecording(folder.path('ours.parquet'));
    expect(await sumsOf(again)).toEqual(await sumsOf(recording));
  });

  it('refuses a file cut short or with a byte changed at any place of its footer, and does not crash', async () => {
    const bytes = readFileSync(`${recordings}/rezolus-180s.parquet`);
    const footer = bytes.readUInt32LE(bytes.length - 8);
    const outcomes = new Set<string>();
    const attempt = async (content: Uint8Array) => {
      try {
        await using recording = await openRecording(new Blob([content as Uint8Array<ArrayBuffer>]));
        for (const column of [0, 2, 200]) await recording.read([column], 0);
        outcomes.add('read');
      } catch (error) {
        outcomes.add(error instanceof RezolusError ? error.code : String(error));
      }
    };
    for (const length of [0, 7, 11, 12, 1000, bytes.length - 1]) await attempt(bytes.subarray(0, length));
    for (let i = 0; i < 200; i++) {
      const changed = Uint8Array.from(bytes);
      const at = bytes.length - 1 - Math.floor((i / 200) * (footer + 8));
      changed[at] = changed[at]! ^ (1 << (i % 8));
      await attempt(changed);
    }
    expect([...outcomes].sort()).toEqual(['REZ_ERR_RECORDING_FORMAT', 'read']);
  });

  it('turns damaged pages into errors', async () => {
    const bytes = readFileSync(`${recordings}/rezolus-180s.parquet`);
    const outcomes = new Set<string>();
    for (let i = 0; i < 100; i++) {
      const changed = Uint8Array.from(bytes);
      for (let k = 0; k < 400; k++) changed[4 + ((i * 5003 + k * 1009) % 500_000)] = (i * k) & 255;
      await using recording = await openRecording(new Blob([changed]));
      for (const column of [0, 5, 60, 195, 210]) {
        await recording.read([column], 0).then(
          () => outcomes.add('read'),
          (error) => outcomes.add(error instanceof RezolusError ? error.code : String(error)),
        );
      }
    }
    expect([...outcomes].sort()).toEqual(['REZ_ERR_RECORDING_FORMAT', 'read']);
    await using whole = await openRecording(new Blob([bytes]));
    expect(await whole.readTimestamps()).toHaveLength(181);
  });
});

describe.skipIf(damaged === null)('the broken files of parquet-testing', () => {
  const broken = damaged === null ? [] : readdirSync(damaged).filter((name) => name.endsWith('.parquet'));
  it.each(broken)('%s is refused', async (name) => {
    await expect(openRecording(`${damaged}/${name}`)).rejects.toMatchObject({
      code: 'REZ_ERR_RECORDING_FORMAT',
    });
  });
});

it('refuses what is no file', async () => {
  await expect(openRecording('/nonexistent.parquet')).rejects.toMatchObject({
    code: 'REZ_ERR_RECORDING_FORMAT',
  });
  await expect(openRecording('/')).rejects.toMatchObject({ code: 'REZ_ERR_RECORDING_FORMAT' });
});
