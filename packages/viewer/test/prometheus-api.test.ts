import { EventEmitter, once } from 'node:events';
import type { Source } from '@rezolus/query';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ViewerSource } from '../src/index.ts';
import { memorySource, startMs, startTest, type TestViewer } from './support.ts';

// Shapes, codes and texts are those of https://prometheus.io/docs/prometheus/latest/querying/api/.

let viewer: TestViewer;
beforeAll(async () => {
  viewer = await startTest();
});
afterAll(() => viewer[Symbol.asyncDispose]());

const second = (n: number) => startMs / 1000 + n;
const path = (route: string, params: Record<string, string>) =>
  `/api/v1/${route}?${new URLSearchParams(params)}`;

test.each(['GET', 'POST'])('an instant query by %s is a vector of strings', async (method) => {
  const params = { query: 'sum by (op) (rate(ops[10s]))', time: String(second(30)) };
  const { status, headers, json } =
    method === 'GET'
      ? await viewer.call(path('query', params))
      : await viewer.call('/api/v1/query', { form: params });
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  expect(headers['cache-control']).toBe('no-store');
  expect(json).toEqual({
    status: 'success',
    data: {
      resultType: 'vector',
      result: [
        { metric: { op: 'read' }, value: [second(30), '10'] },
        { metric: { op: 'write' }, value: [second(30), '20'] },
      ],
    },
  });
});

test.each(['GET', 'POST'])('a range query by %s is a matrix', async (method) => {
  const params = {
    query: 'sum(irate(cpu_usage[5m])) / sum(cpu_cores) / 1e9',
    start: new Date(startMs + 10_000).toISOString(),
    end: String(second(20)),
    step: '5s',
  };
  const { status, json } =
    method === 'GET'
      ? await viewer.call(path('query_range', params))
      : await viewer.call('/api/v1/query_range', { form: params });
  expect(status).toBe(200);
  expect(json.data).toEqual({
    resultType: 'matrix',
    result: [{ metric: {}, values: [10, 15, 20].map((n) => [second(n), '0.25']) }],
  });
});

test('names and hostile labels come as they are', async () => {
  const { json } = await viewer.call(path('query', { query: 'temperature', time: String(second(5)) }));
  expect(json.data.result).toEqual([
    { metric: { __name__: 'temperature', 'name"\n': '<b>"\\é' }, value: [second(5), '21'] },
  ]);
});

test('scalars, strings and special values', async () => {
  const time = String(second(5));
  const query = async (text: string) => (await viewer.call(path('query', { query: text, time }))).json.data;
  expect(await query('1 + 1')).toEqual({ resultType: 'scalar', result: [second(5), '2'] });
  expect(await query('"a"')).toEqual({ resultType: 'string', result: [second(5), 'a'] });
  expect((await query('0 / 0')).result[1]).toBe('NaN');
  expect((await query('1 / 0')).result[1]).toBe('+Inf');
  expect((await query('-1 / 0')).result[1]).toBe('-Inf');
  expect((await query('1.5e300')).result[1]).toBe('1.5e+300');
});

test('a range vector as an instant query gives raw samples', async () => {
  const { json } = await viewer.call(path('query', { query: 'ops{op="read"}[3s]', time: String(second(9)) }));
  expect(json.data).toEqual({
    resultType: 'matrix',
    result: [
      {
        metric: { __name__: 'ops', op: 'read' },
        values: [7, 8, 9].map((n) => [second(n), String(n * 10)]),
      },
    ],
  });
});

test('a histogram is a native histogram', async () => {
  const { json } = await viewer.call(path('query', { query: 'latency', time: String(second(9)) }));
  const { histogram } = json.data.result[0];
  expect(histogram[0]).toBe(second(9));
  expect(histogram[1].count).toBe('9');
  // 1000 lies in [960, 1024) where buckets are 64 wide.
  expect(histogram[1].buckets).toEqual([[1, '960', '1024', '9']]);
});

test('a heatmap is a native histogram per step', async () => {
  const params = {
    query: 'histogram_heatmap(latency)',
    start: String(second(10)),
    end: String(second(20)),
    step: '5',
  };
  const { json } = await viewer.call(path('query_range', params));
  expect(json.data.result).toHaveLength(1);
  expect(json.data.result[0].histograms).toHaveLength(3);
  const [time, histogram] = json.data.result[0].histograms[0];
  expect(time).toBe(second(10));
  expect(histogram).toMatchObject({ count: '5', buckets: [[1, expect.any(String), '1024', '5']] });
});

test.each([
  ['query', {}, 'invalid parameter "query"'],
  ['query', { query: 'sum(' }, 'unexpected end'],
  ['query', { query: 'sum(up) by by' }, '1:'],
  ['query', { query: 'up', time: 'yesterday' }, 'invalid parameter "time": cannot parse "yesterday"'],
  ['query', { query: 'up', timeout: 'long' }, 'invalid parameter "timeout"'],
  ['query_range', { query: 'up' }, 'invalid parameter "start"'],
  [
    'query_range',
    { query: 'up', start: '10', end: '5', step: '1' },
    'end timestamp must not be before start time',
  ],
  ['query_range', { query: 'up', start: '0', end: '5', step: '0' }, 'zero or negative query resolution'],
  [
    'query_range',
    { query: 'up', start: '0', end: '99999', step: '1' },
    'exceeded maximum resolution of 11,000',
  ],
  ['series', {}, 'no match[] parameter provided'],
  ['series', { 'match[]': 'sum(up)' }, 'series selector'],
  ['labels', { 'match[]': '{' }, 'unexpected end'],
  ['labels', { limit: 'x' }, 'invalid parameter "limit"'],
  ['label/a-b/values', {}, 'invalid label name'],
] as const)('%s %j is bad_data', async (route, params, message) => {
  const { status, json } = await viewer.call(path(route, params as Record<string, string>));
  expect(json).toEqual({ status: 'error', errorType: 'bad_data', error: expect.stringContaining(message) });
  expect(status).toBe(400);
});

test('what cannot be evaluated is 422', async () => {
  const { status, json } = await viewer.call(
    path('query', { query: 'ops * on () ops', time: String(second(5)) }),
  );
  expect(status).toBe(422);
  expect(json).toMatchObject({ status: 'error', errorType: 'execution' });
});

/** stuckSource: a source that never gives its data; `loads` emits `load` and, with the reason, `aborted`. */
function stuckSource(): { source: ViewerSource; loads: EventEmitter } {
  const base = memorySource();
  const loads = new EventEmitter();
  const { generation, intervalMs, startMs, endMs } = base.source;
  const load: Source['load'] = (_ids, _start, _end, signal) =>
    new Promise((_, reject) => {
      signal!.addEventListener('abort', () => {
        reject(signal!.reason);
        loads.emit('aborted', signal!.reason);
      });
      loads.emit('load');
    });
  const source = { generation, intervalMs, startMs, endMs, series: () => base.source.series(), load };
  return { source: { ...base, source }, loads };
}

test('a query that takes longer than its timeout is 503', async () => {
  await using stuck = await startTest(stuckSource().source);
  const { status, json } = await stuck.call(path('query', { query: 'ops', timeout: '0.02' }));
  expect(json).toEqual({ status: 'error', errorType: 'timeout', error: 'query timed out' });
  expect(status).toBe(503);
});

test.each(['query', 'query_range', 'range'])('a client that goes away aborts its %s', async (route) => {
  const { source, loads } = stuckSource();
  await using stuck = await startTest(source);
  const params = new URLSearchParams({ query: 'ops', start: '0', end: '10', step: '1' });
  const leave = new AbortController();
  const loaded = once(loads, 'load');
  const aborted = once(loads, 'aborted');
  const prefix = route === 'range' ? 'api/rezolus' : 'api';
  const answer = fetch(`${stuck.viewer.address}${prefix}/v1/${route}?${params}`, { signal: leave.signal });
  await loaded;
  leave.abort();
  await expect(answer).rejects.toThrow('abort');
  expect((await aborted)[0].name).toBe('AbortError');
});

test('series, labels, label values, with matchers by GET and POST', async () => {
  const series = await viewer.call(path('series', { 'match[]': 'ops{op=~"r.*"}' }));
  expect(series.json).toEqual({ status: 'success', data: [{ __name__: 'ops', op: 'read' }] });
  const two = await viewer.call('/api/v1/series?match[]=ops', { form: { 'match[]': 'cpu_cores' } });
  expect(two.json.data).toHaveLength(3);
  expect((await viewer.call('/api/v1/labels')).json.data).toEqual([
    '__name__',
    'id',
    'name"\n',
    'op',
    'state',
  ]);
  const labels = await viewer.call('/api/v1/labels', { form: { 'match[]': 'cpu_usage' } });
  expect(labels.json.data).toEqual(['__name__', 'id', 'state']);
  expect((await viewer.call('/api/v1/label/op/values')).json.data).toEqual(['read', 'write']);
  const names = await viewer.call(path('label/__name__/values', { 'match[]': '{op="read"}' }));
  expect(names.json.data).toEqual(['ops']);
  const cut = await viewer.call('/api/v1/label/op/values?limit=1');
  expect(cut.json).toEqual({
    status: 'success',
    data: ['read'],
    warnings: ['results truncated due to limit'],
  });
});

test('metadata and build information', async () => {
  const { json } = await viewer.call('/api/v1/metadata?metric=ops');
  expect(json.data).toEqual({ ops: [{ type: 'counter', help: 'Operations done', unit: 'operations' }] });
  expect(Object.keys((await viewer.call('/api/v1/metadata')).json.data)).toContain('latency');
  expect((await viewer.call('/api/v1/status/buildinfo')).json).toMatchObject({
    status: 'success',
    data: { version: expect.stringMatching(/^\d+\.\d+\.\d+$/), revision: expect.stringContaining('rezolus') },
  });
});

test('unknown routes, methods and media types are errors of the same form', async () => {
  for (const [answer, status] of [
    [await viewer.call('/api/v1/rules'), 404],
    [await viewer.call('/api/v1/labels', { method: 'DELETE' }), 404],
    [
      await viewer.call('/api/v1/query', { body: '{}', headers: { 'content-type': 'application/json' } }),
      415,
    ],
    [await viewer.call('/api/v1/query', { form: { query: 'x'.repeat(300_000) } }), 413],
  ] as const) {
    expect(answer.json).toMatchObject({ status: 'error', error: expect.any(String) });
    expect(answer.status).toBe(status);
  }
});
