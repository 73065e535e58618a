import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { zstdCompressSync } from 'node:zlib';
import { encodeV2, encodeV3 } from '@rezolus/exposition';
import { describe, expect, it } from 'vitest';
import { openRecording } from '../src/reader/open.ts';
import { recordRaw } from '../src/recorder/raw.ts';
import { StagingFile } from '../src/staging-file.ts';
import {
  convertRecording,
  defaultOutput,
  detectInput,
  inferInterval,
  upgradeRecording,
} from '../src/tools/convert.ts';
import { decodeMsgpack } from '../src/tools/msgpack.ts';
import { openRez } from '../src/tools/rez.ts';
import { endTar, writeTarEntry } from '../src/tools/tar.ts';
import { type Reading, snapshotOf, startAgent } from './agent.ts';
import { hasPython, python, scratch, shared } from './oracle.ts';

const second = 1_000_000_000n;
const start = 1_795_427_121n * second;

const readings = (n: number): Reading[] => [
  { name: '1', kind: 'counter', labels: { metric: 'ops', sampler: 's' }, value: BigInt(n) },
  { name: '2', kind: 'histogram', labels: { metric: 'lat', sampler: 's' }, value: [0n, BigInt(n)] },
];

/** columnsOf: values by `metric`, null where absent; sums of histograms. */
async function columnsOf(path: string): Promise<Record<string, (string | null)[]>> {
  await using recording = await openRecording(path);
  const found: Record<string, (string | null)[]> = {};
  for (const { index, kind, metadata } of recording.columns) {
    if (kind === 'timestamp' || kind === 'duration') continue;
    const values: (string | null)[] = [];
    for (const group of recording.rowGroups) {
      const [data] = await recording.read([index], group.index);
      for (let row = 0; row < group.rows; row++) {
        if (data!.valid?.[row] === 0) values.push(null);
        else if (data!.kind !== 'histogram') values.push(String(data!.values[row]));
        else {
          const counts = data!.counts.slice(data!.starts[row], data!.starts[row + 1]);
          values.push(String(counts.reduce((sum, count) => sum + count, 0n)));
        }
      }
    }
    found[`${metadata.metric}${metadata.op === undefined ? '' : `/${metadata.op}`}`] = values;
  }
  return found;
}

describe('convertRecording', () => {
  it.each([false, true])(
    'converts raw recordings, cut off at the end (compressed: %s)',
    async (compressed) => {
      using folder = scratch();
      const input = folder.path(compressed ? 'x.raw.zst' : 'x.raw');
      const snapshots = Array.from({ length: 30 }, (_, n) =>
        (n % 2 === 0 ? encodeV3 : encodeV2)(snapshotOf(start + BigInt(n) * 200_000_000n, readings(n))),
      );
      const bytes = Buffer.concat(snapshots).subarray(0, -7);
      writeFileSync(input, compressed ? zstdCompressSync(bytes) : bytes);
      const output = defaultOutput(input);
      expect(output).toBe(folder.path('x.parquet'));
      const result = await convertRecording([input], output, { metadata: { run: '1' } });
      expect(result).toMatchObject({ outputs: [{ path: output, rows: 29, series: 2 }], notes: [] });
      const expected = Array.from({ length: 29 }, (_, n) => String(n));
      expect(await columnsOf(output)).toEqual({ ops: expected, lat: expected });
      await using recording = await openRecording(output);
      expect(Object.fromEntries(recording.metadata)).toEqual({
        source: 'rezolus',
        version: '9.9.9',
        sampling_interval_ms: '200',
        run: '1',
        per_source_metadata: `{"rezolus":{"first_sample_ns":${start},"last_sample_ns":${start + 28n * 200_000_000n}}}`,
      });
      await expect(convertRecording([input], output)).rejects.toThrow('--force');
      await convertRecording([input], output, { force: true, intervalMs: 7 });
      await using again = await openRecording(output);
      expect(again.intervalMs).toBe(7);
    },
  );

  it('records raw and converts it', async () => {
    using folder = scratch();
    const sample = shared('recordings/snapshot-v3-a.msgpack');
    await using agent = await startAgent((n) =>
      sample === null ? snapshotOf(start + BigInt(n) * second, readings(n)) : readFileSync(sample),
    );
    const output = folder.path('x.raw');
    const stop = new AbortController();
    const options = { endpoints: [{ url: agent.url }], output, intervalMs: 20, signal: stop.signal };
    const { rows } = await recordRaw(options, (progress) => {
      if (progress.rows === 3) stop.abort();
    });
    expect(rows).toBe(3);
    const converted = await convertRecording([output], folder.path('x.parquet'));
    expect(converted.outputs[0]?.rows).toBe(3);
    writeFileSync(`${output}.partial`, '');
    const { signal: _, ...again } = options;
    await expect(recordRaw(again)).rejects.toMatchObject({ code: 'REZ_ERR_RECORDING_UNFINISHED' });
  });

  it('names the place of a raw recording that is damaged', async () => {
    using folder = scratch();
    const good = encodeV3(snapshotOf(start, readings(1)));
    const input = folder.path('x.raw');
    for (const damage of [Buffer.of(0xc1), Buffer.of(0x94, 1, 2, 3, 4), Buffer.alloc(40, 0x91)]) {
      writeFileSync(input, Buffer.concat([good, damage]));
      await expect(convertRecording([input], folder.path('x.parquet'))).rejects.toThrow(
        `byte ${good.length}`,
      );
    }
  });

  it('converts the text of Prometheus, by its own times or those of files', async () => {
    using folder = scratch();
    const timed = folder.path('timed.prom');
    writeFileSync(timed, '# HELP up Whether\nup 0 1000\nup 1 2000\nup 0.5 3000\nreq_total 5 2000\n');
    const output = folder.path('x.parquet');
    await convertRecording([timed], output);
    expect(await columnsOf(output)).toEqual({ up: expect.anything(), req_total: [null, '5', null] });
    await using recording = await openRecording(output);
    expect([...(await recording.readTimestamps())]).toEqual([1n, 2n, 3n].map((n) => n * second));
    expect(recording.metadata.get('descriptions')).toBe('{"up":"Whether"}');
    const files = [0, 1, 2].map((n) => {
      const file = folder.path(`${n}.txt`);
      writeFileSync(file, `up ${n}\n`);
      utimesSync(file, 100 + 10 * n, 100 + 10 * n);
      return file;
    }) as [string, string, string];
    await convertRecording(files, output, { force: true, metadata: { source: 'svc' } });
    expect(await columnsOf(output)).toEqual({ up: ['0', '1', '2'] });
    await using other = await openRecording(output);
    expect([other.intervalMs, other.metadata.get('source')]).toEqual([10_000, 'svc']);
    const joined = folder.path('joined.om');
    writeFileSync(joined, 'up 1\n# EOF\nup 2\n# EOF\nup 3\n# EOF\n');
    await convertRecording([joined], output, { force: true, intervalMs: 500 });
    expect(await columnsOf(output)).toEqual({ up: ['1', '2', '3'] });
    writeFileSync(joined, '<html>\n');
    await expect(convertRecording([joined], output, { force: true })).rejects.toMatchObject({
      code: 'REZ_ERR_ENDPOINT_RESPONSE',
    });
  });

  it('tells what files are', async () => {
    using folder = scratch();
    const file = folder.path('x');
    for (const bytes of [Buffer.alloc(0), Buffer.of(0, 1, 2)]) {
      writeFileSync(file, bytes);
      await expect(detectInput(file)).rejects.toMatchObject({ code: 'REZ_ERR_RECORDING_FORMAT' });
    }
    await expect(detectInput(folder.path('nothing'))).rejects.toMatchObject({
      code: 'REZ_ERR_RECORDING_FORMAT',
    });
  });

  it('finds out intervals', () => {
    const at = (...ms: number[]) => ms.map((time) => BigInt(time * 1e6));
    expect(inferInterval(at(0, 100, 201, 299))).toEqual({ intervalMs: 100 });
    expect(inferInterval(at(0))).toMatchObject({ intervalMs: 1000, note: expect.anything() });
    expect(inferInterval(at(0, 0.1, 0.2))).toMatchObject({ intervalMs: 1000, note: expect.anything() });
    expect(inferInterval(at(0, 100, 900, 901, 2000))).toMatchObject({
      note: expect.stringContaining('median'),
    });
  });
});

/** segment: Parquet as the original puts it into archives: LZ4_RAW, columns of the acquisition windows. */
const segment = `
import sys, json, pyarrow as pa, pyarrow.parquet as pq
path, first, times, values = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3]), json.loads(sys.argv[4])
meta = {'metric': 'ops', 'sampler': 'cpu', 'op': 'read', 'metric_type': 'counter', 'source': 'rezolus'}
hist = {'metric': 'lat', 'sampler': 'cpu', 'metric_type': 'histogram', 'grouping_power': '3', 'max_value_power': '64'}
fields = [pa.field('timestamp', pa.uint64(), False, {'metric_type': 'timestamp', 'unit': 'nanoseconds'}),
  pa.field(':wall_offset', pa.int64()), pa.field(':window_begin', pa.int64()), pa.field(':window_width', pa.uint64()),
  pa.field('7x3', pa.uint64(), True, meta),
  pa.field('9:buckets', pa.list_(pa.field('item', pa.uint64())), True, hist)]
n = len(times)
rows = [[first + t for t in times], [1] * n, [2] * n, [3] * n, values, [[v or 0] + [0] * 495 for v in values]]
table = pa.Table.from_arrays([pa.array(r, f.type) for r, f in zip(rows, fields)], schema=pa.schema(fields))
pq.write_table(table, path, compression='lz4', use_dictionary=False)
print('0')`;

/** msgpack: enough of an encoder for the rows of the table \`wal\`. */
function msgpack(value: unknown): Buffer {
  if (value === null) return Buffer.of(0xc0);
  if (typeof value === 'bigint') {
    const bytes = Buffer.alloc(9, 0xcf);
    bytes.writeBigUInt64BE(BigInt.asUintN(64, value), 1);
    if (value < 0n) bytes[0] = 0xd3;
    return bytes;
  }
  if (typeof value === 'number') return Buffer.of(value);
  if (typeof value === 'string')
    return Buffer.concat([Buffer.of(0xd9, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Array.isArray(value)) {
    const head = Buffer.of(0xdc, value.length >> 8, value.length & 255);
    return Buffer.concat([head, ...value.map(msgpack)]);
  }
  const pairs = Object.entries(value as object);
  return Buffer.concat([
    Buffer.of(0x80 | pairs.length),
    ...pairs.flatMap(([k, v]) => [msgpack(k), msgpack(v)]),
  ]);
}

describe.skipIf(!hasPython)('.rez archives', () => {
  const labels = { metric: 'ops', sampler: 'cpu', op: 'read', source: 'rezolus' };
  const histogram = { metric: 'lat', sampler: 'cpu', grouping_power: '3', max_value_power: '64' };
  const buckets = (n: bigint) => [3, 64, [n, ...Array.from({ length: 495 }, () => 0n)]];

  /** archive: two tables of a group and one of a flat sampler, with segments and rows that are not in one yet. */
  function archive(folder: { path(name: string): string }, recordings = 1): string {
    const file = folder.path('x.rez');
    const database = new DatabaseSync(file);
    database.exec(`
      CREATE TABLE recordings(id INTEGER PRIMARY KEY, labels TEXT NOT NULL, metadata TEXT NOT NULL,
        complete INTEGER NOT NULL DEFAULT 0, clock_anchor_wall_ns INTEGER NOT NULL);
      CREATE TABLE segments(recording_id INTEGER NOT NULL, sampler TEXT NOT NULL, seq INTEGER NOT NULL, rows INTEGER NOT NULL,
        first_ts INTEGER NOT NULL, last_ts INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY(recording_id,sampler,seq));
      CREATE TABLE wal(recording_id INTEGER NOT NULL, sampler TEXT NOT NULL, ts INTEGER NOT NULL, wall_offset INTEGER NOT NULL,
        row BLOB NOT NULL, PRIMARY KEY(recording_id,sampler,ts));`);
    for (let id = 1; id <= recordings; id++) {
      database
        .prepare('INSERT INTO recordings VALUES (?, ?, ?, 0, 0)')
        .run(
          id,
          `{"host":"h${id}","source":"rezolus"}`,
          '{"sampling_interval_ms":"1000","source":"rezolus","foo":"bar"}',
        );
      for (const [seq, [times, values]] of [
        [
          [0, 1],
          [10, 11],
        ],
        [[2], [null]],
      ].entries()) {
        const part = folder.path('segment.parquet');
        const own = (times as number[]).map((time) => time * 1e9);
        python(segment, part, String(start), JSON.stringify(own), JSON.stringify(values));
        const at = (i: number) => start + BigInt((times as number[]).at(i)!) * second;
        database
          .prepare('INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?)')
          .run(id, 'cpu/percpu', seq, own.length, at(0), at(-1), readFileSync(part));
      }
      const schema = [[['7x3', labels]], [['8', { metric: 'free', sampler: 'cpu' }]], [['9', histogram]]];
      const rows: [string, bigint, unknown][] = [
        // Sealed already: not to be read again.
        ['cpu/percpu', 2n, [[1n, 2n], schema, null, [99n], [99n], [null]]],
        ['cpu/percpu', 3n, [[1n, 2n], schema, [0n, 1n], [13n], [-5n], [buckets(13n)]]],
        ['cpu/percpu', 4n, [[1n, 2n], null, null, [14n], [null], [null]]],
        ['mem', 3n, [['m', { metric: 'used', sampler: 'mem' }, { Gauge: 7n }, null]]],
        [
          'mem',
          5n,
          [
            ['m', null, { Gauge: 8n }, [0n, 1n]],
            ['c', { metric: 'io', sampler: 'mem' }, { Counter: 2n ** 63n }, null],
          ],
        ],
      ];
      for (const [name, at, row] of rows) {
        database
          .prepare('INSERT INTO wal VALUES (?, ?, ?, 0, ?)')
          .run(id, name, start + at * second, msgpack(row));
      }
    }
    database.close();
    return file;
  }

  it('joins the tables of version 3 by time', async () => {
    using folder = scratch();
    const file = archive(folder);
    const output = folder.path('x.parquet');
    const { outputs, notes } = await convertRecording([file], output);
    expect(outputs).toEqual([{ path: output, rows: 6, series: 5 }]);
    expect(notes).toEqual([expect.stringContaining('not finished')]);
    expect(await columnsOf(output)).toEqual({
      'ops/read': ['10', '11', null, '13', '14', null],
      lat: ['10', '11', '0', '13', null, null],
      free: [null, null, null, '-5', null, null],
      used: [null, null, null, '7', null, '8'],
      io: [null, null, null, null, null, String(2n ** 63n)],
    });
    await using recording = await openRecording(output);
    expect([...(await recording.readTimestamps())]).toEqual(
      [0n, 1n, 2n, 3n, 4n, 5n].map((n) => start + n * second),
    );
    expect(Object.fromEntries(recording.metadata)).toMatchObject({
      foo: 'bar',
      node: 'h1',
      source: 'rezolus',
    });
  });

  it('makes a file of each recording of an archive', async () => {
    using folder = scratch();
    const file = archive(folder, 2);
    const { outputs } = await upgradeRecording(file, folder.path('x.parquet'));
    expect(outputs.map(({ path }) => path)).toEqual([
      folder.path('x_0_h1-rezolus.parquet'),
      folder.path('x_1_h2-rezolus.parquet'),
    ]);
    await using opened = await openRez(file);
    expect(opened).toMatchObject({ version: 3, recordings: [{ complete: false }, {}] });
  });

  it('reads the tars of versions 1 and 2, by the last manifest whose files are there', async () => {
    using folder = scratch();
    const part = folder.path('segment.parquet');
    python(segment, part, String(start), '[0, 1000000000]', '[1, 2]');
    const manifest = (files: string[]) =>
      Buffer.from(
        JSON.stringify({
          version: 2,
          recordings: [
            {
              dir: 'r',
              labels: {},
              metadata: { source: 'rezolus' },
              complete: true,
              tables: [{ sampler: 'cpu', files }],
            },
          ],
        }),
      );
    const file = folder.path('x.rez');
    await using output = await StagingFile.create(file);
    await writeTarEntry(output, 'r/cpu/0000.parquet', { path: part });
    await writeTarEntry(output, 'manifest.json', manifest(['r/cpu/0000.parquet']));
    await writeTarEntry(output, 'manifest.json', manifest(['r/cpu/0000.parquet', 'r/cpu/0001.parquet']));
    await endTar(output);
    await output.commit();
    const { outputs, notes } = await upgradeRecording(file, folder.path('x.parquet'));
    expect([outputs[0]?.rows, notes]).toEqual([2, []]);
    expect(await columnsOf(folder.path('x.parquet'))).toMatchObject({ 'ops/read': ['1', '2'] });
  });

  it('refuses archives that are damaged', async () => {
    using folder = scratch();
    const bytes = readFileSync(archive(folder));
    const file = folder.path('y.rez');
    for (const length of [16, 100, 5000, bytes.length - 5000]) {
      writeFileSync(file, bytes.subarray(0, length));
      await expect(convertRecording([file], folder.path('y.parquet'))).rejects.toMatchObject({
        code: expect.stringMatching(/^REZ_ERR_RECORDING_/),
      });
    }
    expect(() => statSync(folder.path('y.parquet'))).toThrow();
  });
});

describe('decodeMsgpack', () => {
  it('reads what the test writes, and nothing of damaged bytes', () => {
    const bytes = msgpack(['a', { b: 2n ** 64n - 1n }, [-1n, null, 7]]);
    expect(decodeMsgpack(bytes)).toEqual(['a', new Map([['b', 2n ** 64n - 1n]]), [-1, null, 7]]);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeMsgpack(bytes.subarray(0, length))).toThrow(RangeError);
    }
    expect(() => decodeMsgpack(Buffer.alloc(100, 0x91))).toThrow('nested too deeply');
    expect(() => decodeMsgpack(Buffer.of(0xdd, 0xff, 0xff, 0xff, 0xff))).toThrow(RangeError);
  });
});
