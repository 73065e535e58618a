import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as later } from 'node:timers';
import { decodeSnapshot, encodeV3 } from '@rezolus/exposition';
import { describe, expect, it } from 'vitest';
import { openRecording } from '../src/reader/open.ts';
import type { Recording } from '../src/reader/recording.ts';
import { openAgent } from '../src/recorder/agent-endpoint.ts';
import type { RecordOptions } from '../src/recorder/options.ts';
import { record } from '../src/recorder/record.ts';
import { type Reading, snapshotOf, startAgent } from './agent.ts';
import { hasPython, python, scratch, shared } from './oracle.ts';

const ops = (name: string, op: string, value: bigint | null): Reading => ({
  name,
  kind: 'counter',
  labels: { metric: 'ops', sampler: 'test', op },
  value,
});

/** Times of the samples: one second apart whatever the recorder's interval is. */
const time = (row: number) => (1_795_427_121n + BigInt(row)) * 1_000_000_000n;

/** until: options that stop after `rows` rows. */
function until(
  rows: number,
  { url, ...options }: Omit<RecordOptions, 'signal' | 'endpoints'> & { url: string },
) {
  const stop = new AbortController();
  return record({ ...options, endpoints: [{ url }], signal: stop.signal }, (progress) => {
    if (progress.rows >= rows) stop.abort();
  });
}

/** table: values by `metric/op`, null where absent. */
async function table(recording: Recording): Promise<Record<string, (bigint | null)[]>> {
  const columns: Record<string, (bigint | null)[]> = {};
  for (const { index, kind, metadata } of recording.columns) {
    if (kind !== 'counter' && kind !== 'gauge') continue;
    const [data] = await recording.read([index], 0);
    if (data?.kind === 'histogram' || data?.kind === 'float') throw new Error('unexpected');
    const values = Array.from(data!.values, (value, row) => (data!.valid?.[row] === 0 ? null : value));
    columns[`${metadata.metric}/${metadata.op}`] = values;
  }
  return columns;
}

describe('record', () => {
  it('writes rows, labels and file keys as the original does', async () => {
    using folder = scratch();
    await using agent = await startAgent((n) =>
      snapshotOf(time(n), [
        ops('3x1', 'read', 2n ** 63n + BigInt(n)),
        { name: '4', kind: 'gauge', labels: { metric: 'free', unit: 'bytes' }, value: n === 2 ? null : -1n },
        { name: '5', kind: 'histogram', labels: { metric: 'latency' }, value: [0n, BigInt(n)] },
      ]),
    );
    const output = folder.path('out.parquet');
    const summary = await until(3, { url: agent.url, output, intervalMs: 20, metadata: { node: 'n1' } });
    expect(summary).toMatchObject({ rows: 3, series: 3, failed: 0, output });
    // Scrape 0 is the probe.
    expect([summary.firstNs, summary.lastNs]).toEqual([time(1), time(3)]);
    expect(agent.requests.filter((path) => path !== '/metrics/binary').sort()).toEqual([
      '/metrics/descriptions',
      '/samplers',
      '/status',
      '/systeminfo',
    ]);
    expect(readdirSync(folder.path('.'))).toEqual(['out.parquet']);

    await using recording = await openRecording(output);
    expect(Object.fromEntries(recording.metadata)).toEqual({
      source: 'rezolus',
      version: '9.9.9',
      sampling_interval_ms: '20',
      systeminfo: '{"hostname":"test"}',
      descriptions: '{"ops":"operations"}',
      per_source_metadata:
        `{"rezolus":{"first_sample_ns":${time(1)},"last_sample_ns":${time(3)},` +
        '"sampler_status":[{"name":"test","state":"active"}]}}',
      node: 'n1',
    });
    const labels = { source: 'rezolus', endpoint: `${agent.url}/` };
    expect(recording.columns.map(({ name, kind, metadata }) => ({ name, kind, metadata }))).toMatchObject([
      { name: 'timestamp', kind: 'timestamp' },
      { name: 'duration', kind: 'duration' },
      {
        name: '3x1',
        metadata: { metric: 'ops', op: 'read', sampler: 'test', metric_type: 'counter', ...labels },
      },
      { name: '4', metadata: { metric: 'free', unit: 'bytes', metric_type: 'gauge', ...labels } },
      {
        name: '5:buckets',
        metadata: { metric: 'latency', grouping_power: '3', max_value_power: '64', ...labels },
      },
    ]);
    expect([...(await recording.readTimestamps())]).toEqual([time(1), time(2), time(3)]);
    expect(await table(recording)).toEqual({
      'ops/read': [1n, 2n, 3n].map((n) => 2n ** 63n + n),
      'free/undefined': [-1n, null, -1n],
    });
    if (hasPython) {
      const read = `
import sys, json, pyarrow.parquet as pq
t = pq.read_table(sys.argv[1])
print(json.dumps([t.num_rows, [str(x) for x in t['3x1'].to_pylist()], [x[1] for x in t['5:buckets'].to_pylist()]]))`;
      const exact = [1n, 2n, 3n].map((n) => String(2n ** 63n + n));
      expect(python(read, output)).toEqual([3, exact, [1, 2, 3]]);
    }
  });

  it('keeps a series in its column when the agent restarts with other numbers', async () => {
    using folder = scratch();
    await using agent = await startAgent((n) =>
      snapshotOf(
        time(n),
        n < 3
          ? [ops('1', 'read', 100n), ops('2', 'write', 200n), ops('3', 'fsync', 1n)]
          : [ops('1', 'write', 5n), ops('2', 'open', 7n), ops('3', 'read', 6n), ops('4', 'read', 66n)],
      ),
    );
    const output = folder.path('out.parquet');
    expect(await until(4, { url: agent.url, output, intervalMs: 20 })).toMatchObject({ series: 4 });
    await using recording = await openRecording(output);
    expect(await table(recording)).toEqual({
      'ops/read': [100n, 100n, 6n, 6n],
      'ops/write': [200n, 200n, 5n, 5n],
      'ops/fsync': [1n, 1n, null, null],
      'ops/open': [null, null, 7n, 7n],
    });
    expect(recording.columns.map(({ name }) => name)).toEqual([
      'timestamp',
      'duration',
      '1',
      '2',
      '2~2',
      '3',
    ]);
  });

  it('counts the moments that a slow agent made it miss', async () => {
    using folder = scratch();
    await using agent = await startAgent((n, response) => {
      const snapshot = snapshotOf(time(n), [ops('1', 'read', 1n)]);
      if (n !== 2) return snapshot;
      later(() => response.end(encodeV3(snapshot)), 350);
      return null;
    });
    const output = folder.path('out.parquet');
    const summary = await until(3, { url: agent.url, output, intervalMs: 100 });
    expect(summary).toMatchObject({ rows: 3, failed: 0 });
    expect(summary.missed).toBeGreaterThanOrEqual(2);
  });

  it('leaves a gap for scrapes that fail', async () => {
    using folder = scratch();
    await using agent = await startAgent((n, response) => {
      if (n === 2) response.statusCode = 500;
      if (n === 3) return Uint8Array.of(1, 2, 3);
      return snapshotOf(time(n), [ops('1', 'read', BigInt(n))]);
    });
    const output = folder.path('out.parquet');
    expect(await until(2, { url: agent.url, output, intervalMs: 20 })).toMatchObject({ rows: 2, failed: 2 });
    await using recording = await openRecording(output);
    expect([...(await recording.readTimestamps())]).toEqual([time(1), time(4)]);
  });

  it('stops at the signal in the middle of a scrape and keeps what it has', async () => {
    using folder = scratch();
    const stop = new AbortController();
    await using agent = await startAgent((n) => {
      if (n < 3) return snapshotOf(time(n), [ops('1', 'read', 1n)]);
      stop.abort();
      return null;
    });
    const output = folder.path('out.parquet');
    const summary = await record({
      endpoints: [{ url: agent.url }],
      output,
      intervalMs: 20,
      signal: stop.signal,
    });
    expect(summary).toMatchObject({ rows: 2, failed: 0 });
    expect(summary.elapsedMs).toBeLessThan(1500);
  });

  it('stops after its duration', async () => {
    using folder = scratch();
    await using agent = await startAgent((n) => snapshotOf(time(n), [ops('1', 'read', 1n)]));
    const progress: (number | null)[] = [];
    const options = {
      endpoints: [{ url: agent.url }],
      output: folder.path('out.parquet'),
      intervalMs: 50,
      durationMs: 200,
    };
    const { rows } = await record(options, ({ remainingMs }) => progress.push(remainingMs));
    expect(rows).toBeGreaterThanOrEqual(3);
    expect(rows).toBeLessThanOrEqual(6);
    expect(progress).toHaveLength(rows);
    expect(progress[0]).toBeGreaterThan(progress.at(-1)!);
  });

  it('leaves no file where nothing was recorded', async () => {
    using folder = scratch();
    const stop = new AbortController();
    await using agent = await startAgent((n) => {
      if (n > 0) stop.abort();
      return n > 0 ? null : snapshotOf(time(n), []);
    });
    const options = {
      endpoints: [{ url: agent.url }],
      output: folder.path('out.parquet'),
      intervalMs: 20,
      signal: stop.signal,
    };
    await expect(record(options)).rejects.toMatchObject({ code: 'REZ_ERR_RECORDING_EMPTY' });
    expect(readdirSync(folder.path('.'))).toEqual([]);
  });

  it('refuses a folder that it cannot write to', async () => {
    await using agent = await startAgent((n) => snapshotOf(time(n), []));
    const options = { endpoints: [{ url: agent.url }], output: '/proc/nowhere/out.parquet', intervalMs: 20 };
    await expect(record(options)).rejects.toMatchObject({ code: 'REZ_ERR_RECORDING_WRITE' });
  });

  const sample = shared('recordings/snapshot-v3-a.msgpack');
  it.skipIf(sample === null)('records the snapshot of an agent of the original whole', async () => {
    using folder = scratch();
    const bytes = readFileSync(sample!);
    await using agent = await startAgent(() => bytes);
    const output = folder.path('out.parquet');
    await until(2, { url: agent.url, output, intervalMs: 200 });
    await using recording = await openRecording(output);
    const expected = { counter: 0, gauge: 0, histogram: 0 };
    for (const group of decodeSnapshot(bytes).groups) {
      const there = (present: Uint8Array | null, count: number) =>
        present === null ? count : present.reduce((sum, byte) => sum + byte, 0);
      expected.counter += there(group.countersPresent, group.counters.length);
      expected.gauge += there(group.gaugesPresent, group.gauges.length);
      expected.histogram += group.histograms.filter((value) => value !== null).length;
    }
    const kinds = Object.groupBy(recording.columns, ({ kind }) => kind);
    expect({
      counter: kinds.counter?.length,
      gauge: kinds.gauge?.length,
      histogram: kinds.histogram?.length,
    }).toEqual(expected);
  });
});

describe('openAgent', () => {
  it('tells an agent that does not answer from one that answers something else', async () => {
    await using other = await startAgent(() => new TextEncoder().encode('<html>'));
    await expect(openAgent(other.url)).rejects.toMatchObject({ code: 'REZ_ERR_ENDPOINT_RESPONSE' });
    await expect(openAgent(`${other.url}/nothing`)).rejects.toMatchObject({
      code: 'REZ_ERR_ENDPOINT_RESPONSE',
    });
    for (const address of ['http://127.0.0.1:1', 'ftp://127.0.0.1', '::', '']) {
      await expect(openAgent(address)).rejects.toMatchObject({ code: 'REZ_ERR_ENDPOINT_UNREACHABLE' });
    }
  });

  it('takes host:port', async () => {
    await using agent = await startAgent((n) => snapshotOf(time(n), []));
    using endpoint = await openAgent(agent.url.replace('http://', ''), { source: 'mine' });
    expect(endpoint.labels).toEqual({ source: 'mine', endpoint: `${agent.url}/` });
  });
});
