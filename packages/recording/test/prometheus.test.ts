import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ClassicHistogram, scaleOf } from '../src/prometheus/classic-histogram.ts';
import { parsePrometheus } from '../src/prometheus/parse.ts';
import { openRecording } from '../src/reader/open.ts';
import { parseEndpointSpec } from '../src/recorder/endpoint-spec.ts';
import { record } from '../src/recorder/record.ts';
import { recordSeparately } from '../src/recorder/separate.ts';
import { recordingSource } from '../src/source.ts';
import { snapshotOf, startAgent } from './agent.ts';
import { hasPython, python, scratch, shared } from './oracle.ts';

/** startTarget: a Prometheus target whose text comes from `answer`, by the number of the scrape; null = status 500. */
async function startTarget(answer: (scrape: number) => string | null) {
  let scrapes = 0;
  const server = createServer((request, response) => {
    const body = request.url === '/metrics' ? answer(scrapes++) : null;
    response.statusCode = body === null ? 500 : 200;
    response.end(body ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const readings = (n: number) => [
  { name: '1', kind: 'counter' as const, labels: { metric: 'ops', sampler: 's' }, value: BigInt(n) },
];

const corpus = shared('corpora/prom-text/expfmt/fuzz/corpus');

describe('parsePrometheus', () => {
  it('reads names, labels, escapes, values, times and comments', () => {
    const { families, samples } = parsePrometheus(
      [
        '# HELP http_requests_total All of them\\n, with \\\\.',
        '# TYPE http_requests_total counter',
        'http_requests_total{method="post",path="/a\\"b\\\\c\\n",} 1027 1395066363000',
        '  spaced  { a = "1" }   -Inf  ',
        '{"my.metric","a.b"="ü"} 1e3',
        'x NaN',
        '# EOF is not alone here',
        '',
      ].join('\n'),
    );
    expect(families.get('http_requests_total')).toEqual({ type: 'counter', help: 'All of them\n, with \\.' });
    expect(samples).toEqual([
      {
        name: 'http_requests_total',
        labels: [
          ['method', 'post'],
          ['path', '/a"b\\c\n'],
        ],
        value: 1027,
        timestampMs: 1395066363000,
      },
      { name: 'spaced', labels: [['a', '1']], value: Number.NEGATIVE_INFINITY },
      { name: 'my.metric', labels: [['a.b', 'ü']], value: 1000 },
      { name: 'x', labels: [], value: Number.NaN },
    ]);
  });

  it('reads the seconds and exemplars of OpenMetrics', () => {
    const text = '# TYPE a counter\n# UNIT a_seconds seconds\na_total 1 1.5 # {trace="x"} 0.5 1.25\n# EOF\n';
    expect(parsePrometheus(text).samples).toEqual([
      { name: 'a_total', labels: [], value: 1, timestampMs: 1500 },
    ]);
  });

  it.each([
    ['<html>', 1],
    ['a 1\nb{c="d} 1', 2],
    ['a', 1],
    ['a one', 1],
    ['a{b=1} 1', 1],
    ['a{b="1" c="2"} 1', 1],
    ['a 1 2 3', 1],
    ['# TYPE a nonsense', 1],
    ['a{b="1"}', 1],
    ['9a 1', 1],
    ['{} 1', 1],
  ])('refuses %j', (text, line) => {
    expect(() => parsePrometheus(text)).toThrow(`line ${line} is no Prometheus metric`);
  });

  it.skipIf(corpus === null)(
    'takes what the parser of Prometheus takes, and none of the broken names and numbers',
    () => {
      const read = (name: string) => readFileSync(`${corpus}/${name}`, 'utf8');
      const good = readdirSync(corpus!).filter((name) => /^(from_test_parse_\d|minimal)/.test(name));
      expect(good).toHaveLength(6);
      for (const name of good) expect(() => parsePrometheus(read(name)), name).not.toThrow();
      // What is left is about metadata that contradicts itself, which a recorder can do without.
      const taken = readdirSync(corpus!).filter((name) => {
        if (!name.includes('error')) return false;
        try {
          parsePrometheus(read(name));
          return true;
        } catch (error) {
          expect(error).toMatchObject({ code: 'REZ_ERR_ENDPOINT_RESPONSE' });
          return false;
        }
      });
      expect(taken.length).toBeLessThanOrEqual(8);
    },
  );

  it('ends in a sentence for every damaged text', () => {
    const text = 'a{b="c",d="e\\n"} 1.5e3 123\n# TYPE x histogram\nx_bucket{le="+Inf"} 3\n';
    for (let at = 0; at < text.length; at++) {
      for (const char of ['"', '\\', '{', '\n', '\0', '😀']) {
        try {
          parsePrometheus(text.slice(0, at) + char + text.slice(at + 1));
        } catch (error) {
          expect(error).toMatchObject({ code: 'REZ_ERR_ENDPOINT_RESPONSE' });
        }
      }
    }
  });
});

describe('ClassicHistogram', () => {
  it('counts at upper bounds in the unit of the original, and goes on over restarts', () => {
    const infinite = Number.POSITIVE_INFINITY;
    const histogram = new ClassicHistogram('lat_seconds', [
      [0.001, 3],
      [0.1, 10],
      [infinite, 12],
    ]);
    histogram.add([
      [0.001, 3],
      [0.1, 10],
      [infinite, 12],
    ]);
    // The numbers of the original for these bounds: gp 7, mvp 28, buckets 1780 and 2622.
    expect(histogram.config).toEqual({ groupingPower: 7, maxValuePower: 28 });
    expect([histogram.buckets[1780], histogram.buckets[2622]]).toEqual([3n, 9n]);
    histogram.add([
      [0.001, 1],
      [0.1, 1],
      [infinite, 1],
    ]);
    expect([histogram.buckets[1780], histogram.buckets[2622]]).toEqual([4n, 9n]);
  });

  it('scales bounds to integers', () => {
    expect(scaleOf('size_bytes', [[100, 1]])).toBe(1);
    expect(scaleOf('ratio', [[0.05, 1]])).toBe(100);
    expect(scaleOf('x_seconds', [[5, 1]])).toBe(1e9);
  });
});

describe('parseEndpointSpec', () => {
  it('takes options and refuses others', () => {
    expect(parseEndpointSpec('http://h:1/m,source=a,role=b,protocol=prometheus')).toEqual({
      url: 'http://h:1/m',
      source: 'a',
      role: 'b',
      protocol: 'prometheus',
    });
    expect(parseEndpointSpec('h:1')).toEqual({ url: 'h:1' });
    for (const text of ['h,colour=red', 'h,source', 'h,source=', 'h,protocol=http']) {
      expect(() => parseEndpointSpec(text)).toThrow(text);
    }
    expect(() => parseEndpointSpec('::,source=a')).toThrow('not an HTTP address');
  });
});

describe('record', () => {
  const scrape = (n: number) => `# HELP req_total Requests
# TYPE req_total counter
req_total{source="x"} ${10 + n}
# TYPE cpu_seconds_total counter
cpu_seconds_total ${n < 2 ? n : n + 0.25}
# TYPE temperature gauge
temperature ${20.5 + n}
queue:depth ${n}
broken NaN
# TYPE lat_seconds histogram
lat_seconds_bucket{le="0.1"} ${n}
lat_seconds_bucket{le="+Inf"} ${2 * n}
lat_seconds_sum ${n / 8}
lat_seconds_count ${2 * n}
`;

  /** values: by metric, joined columns together. */
  async function values(path: string) {
    await using recording = await openRecording(path);
    const source = recordingSource(recording);
    const found: Record<string, number[]> = {};
    for (const { id, metric, kind } of source.series()) {
      if (kind === 'histogram') continue;
      const [column] = await source.load([id], 0, Number.MAX_SAFE_INTEGER);
      if (column?.kind === 'histogram') continue;
      found[metric] = Array.from(column!.values, (value) => value + Number(column!.base));
    }
    return found;
  }

  it('loses no fraction of a Prometheus target', async () => {
    using folder = scratch();
    await using target = await startTarget(scrape);
    const output = folder.path('x.parquet');
    const stop = new AbortController();
    await record(
      { endpoints: [{ url: target.url }], output, intervalMs: 20, signal: stop.signal },
      ({ rows }) => {
        if (rows === 3) stop.abort();
      },
    );
    expect(await values(output)).toMatchObject({
      req_total: [11, 12, 13],
      cpu_seconds_total: [1, 2.25, 3.25],
      temperature: [21.5, 22.5, 23.5],
      queue_depth: [1, 2, 3],
      lat_seconds_sum: [0.125, 0.25, 0.375],
      lat_seconds_count: [2, 4, 6],
    });
    await using recording = await openRecording(output);
    const { port } = new URL(target.url);
    expect(recording.metadata.get('source')).toBe(`127.0.0.1-${port}`);
    expect(recording.metadata.get('descriptions')).toBe('{"req_total":"Requests"}');
    const requests = recording.columns.find(({ metadata }) => metadata.metric === 'req_total');
    expect(requests?.metadata).toMatchObject({ exported_source: 'x', source: `127.0.0.1-${port}` });
    const histogram = recording.columns.find(({ kind }) => kind === 'histogram');
    expect(histogram?.metadata).toMatchObject({
      metric: 'lat_seconds',
      unit: 'nanoseconds',
      grouping_power: '7',
    });
    if (!hasPython) return;
    const read = `
import sys, json, pyarrow.parquet as pq, duckdb
t = pq.read_table(sys.argv[1])
by = {}
for f in t.schema:
    m = (f.metadata or {}).get(b'metric', b'').decode()
    by.setdefault(m, []).append([str(f.type), t[f.name].to_pylist()])
h = [sum(x) for x in by['lat_seconds'][0][1]]
d = duckdb.read_parquet(sys.argv[1]).fetchall()
print(json.dumps([by['cpu_seconds_total'], by['temperature'], h, len(d)]))`;
    expect(python(read, output)).toEqual([
      [
        ['uint64', [1, null, null]],
        ['double', [null, 2.25, 3.25]],
      ],
      [['double', [21.5, 22.5, 23.5]]],
      [2, 4, 6],
      3,
    ]);
  });

  it('puts several endpoints into one file, with gaps where one is away', async () => {
    using folder = scratch();
    await using target = await startTarget((n) => (n === 2 ? null : `up ${n}\n`));
    await using first = await startAgent((n) => snapshotOf(BigInt(n), readings(n)));
    await using second = await startAgent((n) => snapshotOf(BigInt(n), readings(10 * n)));
    const output = folder.path('x.parquet');
    const stop = new AbortController();
    const endpoints = [
      { url: first.url },
      { url: second.url },
      { url: target.url, source: 'svc', role: 'server' },
      { url: 'http://127.0.0.1:1', source: 'gone' },
    ];
    const began = Date.now();
    await record(
      { endpoints, output, intervalMs: 50, metadata: { run: '7' }, signal: stop.signal },
      ({ rows }) => {
        if (rows === 3) stop.abort();
      },
    );
    await using recording = await openRecording(output);
    const { port } = new URL(second.url);
    const columns = recording.columns.slice(2).map(({ name, metadata: { source, node, instance } }) => ({
      name,
      source,
      node: node ?? instance,
    }));
    expect(columns).toEqual(
      [
        { name: `127.0.0.1:${port}::1`, source: 'rezolus', node: `127.0.0.1:${port}` },
        { name: 'test::1', source: 'rezolus', node: 'test' },
        { name: '0::0', source: 'svc', node: '0' },
      ].sort((a, b) => (a.name === '0::0' ? 1 : b.name === '0::0' ? -1 : a.name < b.name ? -1 : 1)),
    );
    const times = Array.from(await recording.readTimestamps(), (ns) => Number(ns / 1_000_000n));
    expect(times.every((time) => time % 50 === 0 && Math.abs(time - began) < 5000)).toBe(true);
    const up = recording.columns.find(({ metadata }) => metadata.metric === 'up')!;
    const [data] = await recording.read([up.index], 0);
    expect([...data!.valid!]).toEqual([1, 0, 1]);
    expect(Object.fromEntries(recording.metadata)).toMatchObject({
      source: '["rezolus","svc"]',
      run: '7',
      systeminfo: '{"hostname":"test"}',
    });
    const sources = JSON.parse(recording.metadata.get('per_source_metadata')!);
    expect(sources.svc).toMatchObject({ role: '"server"'.slice(1, -1), 0: { instance: '0' } });
    expect(sources.rezolus.test).toEqual({
      node: 'test',
      version: '9.9.9',
      systeminfo: { hostname: 'test' },
    });
  });

  it('makes an event of a restart', async () => {
    using folder = scratch();
    const ops = (op: string, value: bigint) => ({
      name: op,
      kind: 'counter' as const,
      labels: { metric: 'ops', op },
      value,
    });
    await using agent = await startAgent((n) =>
      snapshotOf(BigInt(n), n < 3 ? [ops('a', 100n), ops('b', 50n)] : [ops('a', 1n), ops('b', 1n)]),
    );
    const output = folder.path('x.parquet');
    const stop = new AbortController();
    await record(
      { endpoints: [{ url: agent.url }], output, intervalMs: 20, signal: stop.signal },
      ({ rows }) => {
        if (rows === 4) stop.abort();
      },
    );
    await using recording = await openRecording(output);
    expect(JSON.parse(recording.metadata.get('events')!)).toMatchObject({
      events: [
        { timestamp: 3, kind: 'agent_restart', description: 'the agent was restarted', source: 'rezolus' },
      ],
    });
  });

  it('labels a recording with its node and instance', async () => {
    using folder = scratch();
    await using target = await startTarget((n) => `up ${n}\n`);
    const output = folder.path('x.parquet');
    const stop = new AbortController();
    const names = { node: 'n1', instance: 'i1' };
    const options = {
      endpoints: [{ url: target.url }],
      output,
      intervalMs: 20,
      signal: stop.signal,
      ...names,
    };
    await record(options, () => stop.abort());
    await using recording = await openRecording(output);
    expect(Object.fromEntries(recording.metadata)).toMatchObject(names);
    expect(recording.columns.at(-1)?.metadata).toMatchObject(names);
  });

  it('names the first agent and the first service of several as it is told', async () => {
    using folder = scratch();
    await using service = await startTarget((n) => `up ${n}\n`);
    await using agent = await startAgent((n) => snapshotOf(BigInt(n), readings(n)));
    const output = folder.path('x.parquet');
    const stop = new AbortController();
    const endpoints = [{ url: service.url, source: 'svc' }, { url: agent.url }];
    const names = { node: 'n1', instance: 'i1' };
    await record({ endpoints, output, intervalMs: 20, signal: stop.signal, ...names }, () => stop.abort());
    await using recording = await openRecording(output);
    const columns = recording.columns.slice(2).map(({ name, metadata }) => [name, metadata]);
    expect(columns).toMatchObject([
      ['n1::1', names],
      ['i1::0', names],
    ]);
    const sources = JSON.parse(recording.metadata.get('per_source_metadata')!);
    expect([sources.svc.i1, sources.rezolus.n1]).toMatchObject([{ instance: 'i1' }, { node: 'n1' }]);
  });

  it('records endpoints into files of their own, one of them being none', async () => {
    using folder = scratch();
    await using target = await startTarget((n) => `up ${n}\n`);
    const stop = new AbortController();
    const endpoints = [
      { url: target.url, source: 'a' },
      { url: target.url, source: 'a' },
      { url: 'http://127.0.0.1:1', source: 'b' },
    ];
    const options = { endpoints, output: folder.path('x.parquet'), intervalMs: 20, signal: stop.signal };
    const { summaries, failures } = await recordSeparately(options, record, ({ rows }) => {
      if (rows >= 6) stop.abort();
    });
    expect(summaries.map(({ output }) => output)).toEqual([
      folder.path('x_a.parquet'),
      folder.path('x_a-2.parquet'),
    ]);
    expect(failures).toMatchObject([{ code: 'REZ_ERR_ENDPOINT_UNREACHABLE' }]);
  });
});
