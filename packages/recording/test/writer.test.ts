import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { wordsOf } from '../src/parquet/bytes.ts';
import { RecordingWriter } from '../src/parquet/writer.ts';
import { hasPython, python, scratch } from './oracle.ts';
import { memorySink } from './rewrite.ts';

const dump = `
import sys, json, pyarrow.parquet as pq, duckdb
f = pq.ParquetFile(sys.argv[1])
text = lambda v: [text(x) for x in v] if isinstance(v, list) else None if v is None else str(v)
table = f.read()
rows = lambda t: [[text(v) for v in c.to_pylist()] for c in t.columns]
duck = duckdb.read_parquet(sys.argv[1]).to_arrow_table()
meta = {k.decode(): v.decode() for k, v in f.metadata.metadata.items() if k != b'ARROW:schema'}
column = f.metadata.row_group(0).column(0)
print(json.dumps({
  'names': table.schema.names,
  'types': [str(x.type) for x in table.schema],
  'nullable': [x.nullable for x in table.schema],
  'fields': [{k.decode(): v.decode() for k, v in (x.metadata or {}).items()} for x in table.schema],
  'columns': rows(table), 'duck': rows(duck), 'duckTypes': [str(x.type) for x in duck.schema], 'meta': meta,
  'groups': [f.metadata.row_group(i).num_rows for i in range(f.metadata.num_row_groups)],
  'created': f.metadata.created_by,
  'min': str(column.statistics.min), 'max': str(column.statistics.max),
}))`;

interface Dump {
  names: string[];
  types: string[];
  nullable: boolean[];
  fields: Record<string, string>[];
  columns: unknown[][];
  duck: unknown[][];
  duckTypes: string[];
  meta: Record<string, string>;
  groups: number[];
  created: string;
  min: string;
  max: string;
}

const word = (value: bigint): [number, number] => {
  const words = wordsOf(BigInt64Array.of(BigInt.asIntN(64, value)));
  return [words[0]!, words[1]!];
};

async function write(
  build: (writer: RecordingWriter) => Promise<void>,
  rowGroupRows?: number,
): Promise<Dump> {
  using folder = scratch();
  const sink = memorySink();
  const writer = new RecordingWriter(sink, {
    createdBy: 'rezolus',
    ...(rowGroupRows ? { rowGroupRows } : {}),
  });
  await build(writer);
  await writer.finish(
    new Map([
      ['source', 'rezolus'],
      ['descriptions', '{"a":"ä \\"b\\""}'],
    ]),
  );
  writeFileSync(folder.path('x.parquet'), sink.bytes());
  return python<Dump>(dump, folder.path('x.parquet'));
}

const text = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(text) : value === null ? null : String(value);

describe.skipIf(!hasPython)('RecordingWriter, read by pyarrow and DuckDB', () => {
  it('keeps values, nulls, types, metadata and file keys', async () => {
    const counters = [0n, null, 2n ** 64n - 1n, 2n ** 63n + 5n, 1n, 1n, null];
    const gauges = [-(2n ** 63n), 2n ** 63n - 1n, 0n, null, -1n, 7n, 7n];
    const histograms = [[1n, 2n, 3n], [3n, 2n, 1n], null, [], [2n ** 64n - 1n], null, [6n]];
    const start = 1_795_427_121_002_192_132n;
    const read = await write(async (writer) => {
      const gauge = writer.addColumn({
        name: '5',
        kind: 'gauge',
        metadata: { metric: 'g', metric_type: 'gauge' },
      });
      const counter = writer.addColumn({
        name: '10x1',
        kind: 'counter',
        metadata: { metric: 'c', name: '/a"b\n', metric_type: 'counter' },
      });
      const histogram = writer.addColumn({
        name: '7:buckets',
        kind: 'histogram',
        metadata: { metric: 'h', metric_type: 'histogram', grouping_power: '3', max_value_power: '64' },
      });
      for (let row = 0; row < counters.length; row++) {
        writer.startRow(start + BigInt(row) * 1_000_000_007n, row === 1 ? null : BigInt(row));
        const [c, g, h] = [counters[row]!, gauges[row]!, histograms[row]!];
        if (c !== null) writer.scalar(counter, ...word(c));
        if (g !== null) writer.scalar(gauge, ...word(g));
        if (h !== null) writer.histogram(histogram, BigUint64Array.from(h));
        await writer.endRow();
      }
    });
    expect(read.names).toEqual(['timestamp', 'duration', '10x1', '5', '7:buckets']);
    expect(read.types).toEqual(['uint64', 'uint64', 'uint64', 'int64', 'list<item: uint64>']);
    expect(read.nullable).toEqual([false, true, true, true, true]);
    expect(read.duckTypes).toEqual(['uint64', 'uint64', 'uint64', 'int64', 'list<l: uint64>']);
    expect(read.fields).toEqual([
      { metric_type: 'timestamp', unit: 'nanoseconds' },
      { metric_type: 'duration', unit: 'nanoseconds' },
      { metric: 'c', name: '/a"b\n', metric_type: 'counter' },
      { metric: 'g', metric_type: 'gauge' },
      { metric: 'h', metric_type: 'histogram', grouping_power: '3', max_value_power: '64' },
    ]);
    const timestamps = counters.map((_, row) => start + BigInt(row) * 1_000_000_007n);
    const durations = counters.map((_, row) => (row === 1 ? null : row));
    expect(read.columns).toEqual([timestamps, durations, counters, gauges, histograms].map(text));
    expect(read.duck).toEqual(read.columns);
    expect(read.meta).toEqual({ source: 'rezolus', descriptions: '{"a":"ä \\"b\\""}' });
    expect(read.groups).toEqual([7]);
    expect(read.created).toBe('rezolus');
    expect([read.min, read.max]).toEqual([String(timestamps[0]), String(timestamps.at(-1))]);
  });

  it('cuts row groups at 1,800 rows and keeps what random walks and jumps make', async () => {
    // A linear congruential generator: small steps, now and then a jump over the whole range of 64 bits.
    let state = 42n;
    const random = () => {
      state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
      return state;
    };
    const values: bigint[] = [];
    for (let row = 0; row < 4000; row++) {
      const jump = row % 900 === 899 ? random() : random() % 1000n;
      values.push(BigInt.asUintN(64, (values[row - 1] ?? 0n) + jump));
    }
    const read = await write(async (writer) => {
      const column = writer.addColumn({ name: 'walk', kind: 'counter', metadata: {} });
      for (const [row, value] of values.entries()) {
        writer.startRow(BigInt(row), 0n);
        writer.scalar(column, ...word(value));
        await writer.endRow();
      }
    });
    expect(read.groups).toEqual([1800, 1800, 400]);
    expect(read.columns[2]).toEqual(text(values));
    expect(read.duck[2]).toEqual(read.columns[2]);
  });

  it('takes columns that appear late and vanish early, over row groups', async () => {
    const read = await write(async (writer) => {
      const early = writer.addColumn({ name: 'early', kind: 'gauge', metadata: { metric: 'early' } });
      let late = -1;
      let lateHistogram = -1;
      for (let row = 0; row < 11; row++) {
        if (row === 8)
          late = writer.addColumn({ name: 'late', kind: 'counter', metadata: { metric: 'late' } });
        if (row === 9)
          lateHistogram = writer.addColumn({ name: 'l:buckets', kind: 'histogram', metadata: {} });
        writer.startRow(BigInt(row), 0n);
        if (row < 2) writer.scalar(early, ...word(-5n));
        if (late >= 0) writer.scalar(late, ...word(9n));
        if (lateHistogram >= 0) writer.histogram(lateHistogram, BigUint64Array.of(0n, 4n));
        await writer.endRow();
      }
    }, 3);
    expect(read.groups).toEqual([3, 3, 3, 2]);
    const nulls = (count: number) => Array.from({ length: count }, () => null);
    expect(read.columns.slice(2)).toEqual([
      [...nulls(8), '9', '9', '9'],
      ['-5', '-5', ...nulls(9)],
      [...nulls(9), ['0', '4'], ['0', '4']],
    ]);
    expect(read.duck).toEqual(read.columns);
  });

  it('fills many pages of a histogram, also with more buckets than a page takes', async () => {
    const width = 70_000;
    const read = await write(async (writer) => {
      const column = writer.addColumn({ name: 'h:buckets', kind: 'histogram', metadata: {} });
      for (let row = 0; row < 4; row++) {
        writer.startRow(BigInt(row), 0n);
        if (row !== 2)
          writer.histogram(
            column,
            BigUint64Array.from({ length: width }, (_, i) => BigInt(i * row)),
          );
        await writer.endRow();
      }
    });
    const expected = [0, 1, 2, 3].map((row) =>
      row === 2 ? null : Array.from({ length: width }, (_, i) => String(i * row)),
    );
    expect(read.columns[2]).toEqual(expected);
    expect(read.duck[2]).toEqual(expected);
  });
});
