import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openRecording } from '../src/reader/open.ts';
import { recordingSource } from '../src/source.ts';
import { annotateRecording } from '../src/tools/annotate.ts';
import { combineRecordings } from '../src/tools/combine.ts';
import { compareRecordings, parseArms } from '../src/tools/compare.ts';
import { upgradeRecording } from '../src/tools/convert.ts';
import { mergeEvents, parseEvent, parseEvents } from '../src/tools/events.ts';
import { filterRecording } from '../src/tools/filter.ts';
import { recordingInfo } from '../src/tools/info.ts';
import { parseServices } from '../src/tools/services.ts';
import { hasPython, python, scratch, shared } from './oracle.ts';

const recordings = shared('recordings');
const path = (name: string) => `${recordings}/${name}`;

/** Compares, by pyarrow, the columns that `b` has with those of the same name in `a`, values and labels. */
const compare = `
import sys, json, pyarrow.parquet as pq
pa, pb = pq.ParquetFile(sys.argv[1]), pq.ParquetFile(sys.argv[2])
a, b, fa, fb = pa.read(), pb.read(), pa.metadata, pb.metadata
ia = {}
for i, n in enumerate(a.column_names): ia.setdefault(n, []).append(i)
same = [any(a.column(j).equals(b.column(i)) and a.schema.field(j).metadata == b.schema.field(i).metadata
  for j in ia[n]) for i, n in enumerate(b.column_names)]
text = lambda m: {k.decode(): v.decode() for k, v in m.metadata.items() if k != b'ARROW:schema'}
print(json.dumps({'columns': [a.num_columns, b.num_columns], 'same': all(same), 'rows': [a.num_rows, b.num_rows],
  'codec': fb.row_group(0).column(0).compression, 'keys': [text(fa), text(fb)]}))`;

interface Comparison {
  columns: [number, number];
  rows: [number, number];
  same: boolean;
  keys: [Record<string, string>, Record<string, string>];
}

describe.skipIf(recordings === null || !hasPython)('tools on recordings of the original', () => {
  it.each(['demo.parquet', 'rezolus-180s.parquet', 'c16.parquet', 'cachecannon.parquet'])(
    'describes %s as pyarrow does',
    async (name) => {
      const info = await recordingInfo(path(name));
      const read = `
import sys, json, pyarrow.parquet as pq
m = pq.ParquetFile(sys.argv[1]).metadata
s = pq.ParquetFile(sys.argv[1]).schema_arrow
print(json.dumps([s.names, [{k.decode(): v.decode() for k, v in (f.metadata or {}).items()} for f in s],
  [[m.row_group(i).num_rows, m.row_group(i).total_byte_size] for i in range(m.num_row_groups)],
  sorted(k.decode() for k in m.metadata if k != b'ARROW:schema')]))`;
      const { schema, geometry, file_metadata: keys } = info;
      expect([
        schema.map((column) => column.name),
        schema.map(({ metadata }) => ({ ...metadata })),
        geometry.row_groups.map((group) => [group.num_rows, group.total_byte_size]),
        Object.keys(keys).sort(),
      ]).toEqual(python(read, path(name)));
    },
  );

  it.each(['demo.parquet', 'rezolus-180s.parquet', 'c16.parquet'])(
    'annotates %s in place and leaves its samples',
    async (name) => {
      using folder = scratch();
      const file = folder.path('x.parquet');
      copyFileSync(path(name), file);
      const before = await openRecording(file);
      const events = [parseEvent('time=1700000000000000001,description="a, b",label.x=1,id=e1')];
      await annotateRecording(file, { node: 'n"1"', events });
      await annotateRecording(file, {
        events: [parseEvent('time=2020-01-01T00:00Z,desc=first'), parseEvent('time=5,desc=again,id=e1')],
      });
      expect(readdirSync(folder.path('.'))).toEqual(['x.parquet']);
      const { same, keys, rows } = python<Comparison>(compare, path(name), file);
      expect([same, rows[0]]).toEqual([true, rows[1]]);
      const { node, events: text, ...rest } = keys[1];
      const { node: _, ...known } = keys[0];
      expect(rest).toEqual(known);
      expect(node).toBe('n"1"');
      expect(text).toBe(
        '{"events":[{"timestamp":1577836800000000000,"description":"first"},' +
          '{"timestamp":1700000000000000001,"description":"a, b","id":"e1","labels":{"x":"1"}}]}',
      );
      // Who had the file open goes on with the old one.
      expect((await before.readTimestamps()).length).toBe(before.rows);
      await before.close();
    },
  );

  it('embeds queries, marks those with an answer, and filters by them', async () => {
    using folder = scratch();
    const file = folder.path('x.parquet');
    copyFileSync(path('rezolus-180s.parquet'), file);
    const kpi = (query: string, type: string) => ({ role: 'r', title: query, query, type });
    const text = JSON.stringify({
      service_name: 'svc',
      kpis: [
        kpi('sum(irate(cpu_usage[5m]))', 'gauge'),
        kpi('syscall_latency', 'histogram'),
        kpi('nothing_like_it', 'gauge'),
      ],
    });
    const services = parseServices(text, 'test');
    expect(await annotateRecording(file, { services })).toEqual({ queries: 3, available: 2 });
    const { kept, dropped } = await filterRecording(file, { output: folder.path('y.parquet') });
    // Everything in it is of Rezolus.
    expect(dropped).toBe(0);
    await annotateRecording(file, { services: null });
    await expect(filterRecording(file, {})).rejects.toMatchObject({ code: 'REZ_ERR_CONFIG_INVALID' });
    await expect(annotateRecording(file, { source: 'other' })).rejects.toThrow('--overwrite');
    await annotateRecording(file, { source: 'other', overwrite: true });
    const { keys } = python<Comparison>(compare, path('rezolus-180s.parquet'), file);
    expect(keys[1].source).toBe('other');
    expect(Object.keys(JSON.parse(keys[1].per_source_metadata!))).toEqual(['other']);
    expect(kept).toBeGreaterThan(3);
  });

  it.each([
    ['rezolus-180s.parquet', ['cpu_usage', 'syscall_latency']],
    ['c16.parquet', ['cpu_usage']],
    ['cachecannon.parquet', ['cpu_usage', 'blockio_latency']],
  ])('keeps metrics of %s with all values', async (name, metrics) => {
    using folder = scratch();
    const output = folder.path('x.parquet');
    const { kept, dropped } = await filterRecording(path(name), { metrics, output });
    const { same, columns, rows } = python<Comparison>(compare, path(name), output);
    expect([same, columns[1], rows[1], kept + dropped]).toEqual([true, kept, rows[0], columns[0]]);
    await using recording = await openRecording(output);
    const names = new Set(
      recordingSource(recording)
        .series()
        .map(({ metric }) => metric),
    );
    expect([...names].sort()).toEqual(metrics.toSorted());
    await expect(filterRecording(path(name), { metrics: ['nope'], output })).rejects.toThrow(
      'no metric nope',
    );
  });

  it.each(['demo.parquet', 'rezolus-180s.parquet'])(
    'upgrades %s to a smaller file with the same values',
    async (name) => {
      using folder = scratch();
      const output = folder.path('x.parquet');
      await upgradeRecording(path(name), output);
      const { same, columns, keys } = python<Comparison>(compare, path(name), output);
      expect([same, columns[0], keys[0]]).toEqual([true, columns[1], keys[1]]);
      expect(statSync(output).size).toBeLessThan(0.7 * statSync(path(name)).size);
    },
  );

  it('combines recordings that do not overlap, without losing a row', async () => {
    using folder = scratch();
    const output = folder.path('x.parquet');
    const inputs = [path('rezolus-180s.parquet'), path('demo.parquet')];
    const result = await combineRecordings(inputs, output);
    expect(result).toMatchObject({ rows: 181 + 302, shared: 0, merged: 0, names: ['rezolus-180s', 'demo'] });
    await using recording = await openRecording(output);
    const named = new Set(recording.columns.slice(2).map(({ metadata }) => metadata.node));
    expect([...named].sort()).toEqual(['demo', 'rezolus-180s']);
    expect(sums(output)).toEqual([...sums(inputs[0]!), ...sums(inputs[1]!)].sort());
  });

  it('combines recordings of one time row by row', async () => {
    using folder = scratch();
    const [a, b] = [folder.path('a.parquet'), folder.path('b.parquet')];
    copyFileSync(path('rezolus-180s.parquet'), a);
    copyFileSync(path('rezolus-180s.parquet'), b);
    await annotateRecording(a, { node: 'one', events: [parseEvent('time=2,desc=x')] });
    await annotateRecording(b, { node: 'two', events: [parseEvent('time=1,desc=y')] });
    const output = folder.path('x.parquet');
    const result = await combineRecordings([a, b], output, { pinned: 'two' });
    expect(result).toMatchObject({ rows: 181, shared: 181, merged: 0, names: ['one', 'two'] });
    expect(sums(output)).toEqual([...sums(a), ...sums(b)].sort());
    await using recording = await openRecording(output);
    expect(Object.fromEntries(recording.metadata)).toMatchObject({
      source: '["rezolus"]',
      pinned_node: 'two',
      sampling_interval_ms: '1000',
      events: '{"events":[{"timestamp":1,"description":"y"},{"timestamp":2,"description":"x"}]}',
    });
    const described = JSON.parse(recording.metadata.get('per_source_metadata')!);
    expect(Object.keys(described.rezolus)).toEqual(expect.arrayContaining(['one', 'two', 'descriptions']));
    await expect(combineRecordings([a, a], output)).rejects.toThrow('two recordings are of node "one"');
    await expect(combineRecordings([a, b], output, { pinned: 'three' })).rejects.toThrow('three');
  });

  it('puts two recordings into an archive for comparison', async () => {
    using folder = scratch();
    const output = folder.path('ab.tar');
    const arms = parseArms([`baseline=${path('AB_base.parquet')}`, `experiment=${path('AB_level.parquet')}`]);
    await compareRecordings(arms.baseline, arms.experiment, output, { category: 'c' });
    execFileSync('tar', ['xf', output, '-C', folder.path('.')]);
    expect(readFileSync(folder.path('baseline.parquet')).equals(readFileSync(path('AB_base.parquet')))).toBe(
      true,
    );
    expect(
      readFileSync(folder.path('experiment.parquet')).equals(readFileSync(path('AB_level.parquet'))),
    ).toBe(true);
    expect(JSON.parse(readFileSync(folder.path('ab.json'), 'utf8'))).toMatchObject({
      version: 1,
      baseline: { alias: 'baseline' },
      category: 'c',
    });
  });

  it('refuses what is no recording and leaves it as it was', async () => {
    using folder = scratch();
    const file = folder.path('x.parquet');
    const bytes = readFileSync(path('demo.parquet'));
    for (const broken of [
      Buffer.from('PAR1'),
      bytes.subarray(0, 5000),
      Buffer.concat([bytes.subarray(0, -8), Buffer.alloc(8)]),
    ]) {
      writeFileSync(file, broken);
      await expect(annotateRecording(file, { node: 'n' })).rejects.toMatchObject({
        code: 'REZ_ERR_RECORDING_FORMAT',
      });
      await expect(filterRecording(file, { metrics: ['a'] })).rejects.toMatchObject({
        code: 'REZ_ERR_RECORDING_FORMAT',
      });
      await expect(recordingInfo(file)).rejects.toMatchObject({ code: 'REZ_ERR_RECORDING_FORMAT' });
      expect(readFileSync(file).equals(broken)).toBe(true);
    }
    expect(readdirSync(folder.path('.'))).toEqual(['x.parquet']);
  });
});

describe('events', () => {
  it('reads the forms of the original', () => {
    const list = [{ timestamp: 1, description: 'a' }];
    for (const text of [
      JSON.stringify(list),
      JSON.stringify({ events: list }),
      '{"timestamp":1,"description":"a"}\n',
    ]) {
      expect(mergeEvents(parseEvents(text, 'x'))).toBe('{"events":[{"timestamp":1,"description":"a"}]}');
    }
    const lines =
      '{"timestamp":1783142833001943001,"description":"a"}\n{"time":"2026-07-04T05:27:13Z","desc":"b"}';
    expect(mergeEvents(parseEvents(lines, 'x'))).toBe(
      '{"events":[{"timestamp":1783142833000000000,"description":"b"},{"timestamp":1783142833001943001,"description":"a"}]}',
    );
  });

  it.each([
    'time=1',
    'description=x',
    'time=yesterday,description=x',
    'time=1,description=x,colour=red',
    'nonsense',
    'time=1,desc=x,duration=1s',
  ])('refuses %j', (text) => {
    expect(() => parseEvent(text)).toThrow(expect.objectContaining({ code: 'REZ_ERR_CONFIG_INVALID' }));
  });
});

/** sums: of every column but the times, as pyarrow adds them up, modulo 2^64, with the number of values. */
function sums(file: string): string[] {
  const script = `
import sys, json, pyarrow.parquet as pq
t = pq.ParquetFile(sys.argv[1]).read()
out = []
for i, f in enumerate(t.schema):
  if f.name in ('timestamp', 'duration'): continue
  values = t.column(i).to_pylist()
  there = [v for v in values if v is not None]
  flat = [x for v in there for x in v] if str(f.type).startswith('list') else there
  out.append('%s %s %d %d' % (f.metadata[b'metric'].decode(), f.metadata[b'metric_type'].decode(), len(there), sum(flat) % 2**64))
print(json.dumps(sorted(out)))`;
  return python<string[]>(script, file);
}
