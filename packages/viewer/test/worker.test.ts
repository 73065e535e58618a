import { expect, test } from 'vitest';
import { fileSource, type ViewerSource, workerSource } from '../src/index.ts';
import { decodeRange } from '../src/wire.ts';
import { recordingPath, startTest } from './support.ts';

const demo = recordingPath('demo.parquet');
if (demo === null) console.warn('demo.parquet absent: the query worker is not tested');
const it = test.skipIf(demo === null);
/** Some seconds of work: every second of five minutes anew for each of 10,000 steps of each series. */
const long = 'sum(quantile_over_time(0.9, {__name__=~"cpu.*"}[5m:1s]))';

async function windowOf({ source }: ViewerSource, stepMs = 1000) {
  return { startMs: source.startMs, endMs: source.endMs, stepMs };
}

it('the worker answers as the thread of the server does', async () => {
  const [inWorker, inThread] = [await workerSource({ kind: 'file', path: demo! }), await fileSource(demo!)];
  await using worker = await startTest(inWorker);
  await using thread = await startTest(inThread);
  const { startMs, endMs } = inWorker.source;
  const range = new URLSearchParams({
    query: 'sum by (id) (irate(cpu_usage[5m]))',
    start: String(startMs / 1000),
    end: String(endMs / 1000),
    step: '1',
  });
  const paths = [
    `/api/v1/query_range?${range}`,
    `/api/v1/query?query=sum(syscall)&time=${endMs / 1000}`,
    '/api/v1/labels',
    '/api/v1/metadata',
    '/api/v1/query?query=sum(',
    '/api/v1/query?query=info(up)',
    '/api/rezolus/v1/captures',
    `/api/rezolus/v1/range?query=syscall_latency&start=${startMs}&end=${endMs}`,
  ];
  for (const path of paths) {
    const [a, b] = [await worker.call(path), await thread.call(path)];
    expect([a.status, a.text]).toEqual([b.status, b.text]);
  }
});

it('the server answers while the worker is busy, and a client that goes away ends its query', async () => {
  const source = await workerSource({ kind: 'file', path: demo! });
  await using viewer = await startTest(source);
  const queries = source.queries!;
  const gone = new AbortController();
  const busy = queries.matrix({ query: long, ...(await windowOf(source, 30)) }, gone.signal);
  const outcome = busy.then(
    () => 'answered',
    (error: Error) => error.name,
  );
  let settled = false;
  void outcome.then(() => {
    settled = true;
  });
  expect((await viewer.call('/api/v1/labels')).status).toBe(200);
  expect(settled).toBe(false);
  gone.abort();
  expect(await outcome).toBe('AbortError');
  // The worker heeds the message in the middle of its work: the next answer does not wait for the rest.
  const began = performance.now();
  const bytes = await queries.range(
    { query: 'cpu_cores', ...(await windowOf(source)), points: 100 },
    new AbortController().signal,
  );
  expect(decodeRange(bytes.buffer).kind).toBe('lines');
  expect(performance.now() - began).toBeLessThan(2000);
});

it('a query that takes too long or too much is an error with the status that Prometheus gives it', async () => {
  await using viewer = await startTest(await workerSource({ kind: 'file', path: demo! }));
  const { startMs, endMs } = (await viewer.call('/api/rezolus/v1/captures')).json.captures[0];
  const window = { start: String(startMs / 1000), end: String(endMs / 1000) };
  const ask = (more: Record<string, string>) =>
    viewer.call(`/api/v1/query_range?${new URLSearchParams({ ...window, ...more })}`);
  const late = await ask({ query: long, step: '0.03', timeout: '100ms' });
  expect([late.status, late.json.errorType]).toEqual([503, 'timeout']);
  const much = await ask({ query: 'sum_over_time((-{__name__!=""})[5m:10ms])', step: '60' });
  expect([much.status, much.json.errorType]).toEqual([422, 'execution']);
  expect(much.json.error).toMatch(/values/);
});

it('a worker that runs out of memory is replaced', async () => {
  const source = await workerSource({ kind: 'file', path: demo! }, { heapMb: 40 });
  await using viewer = await startTest(source);
  const window = await windowOf(source, 30);
  // Its answer is a text of some 80 MB.
  const query = '{__name__!=""}';
  const { signal } = new AbortController();
  await expect(source.queries!.matrix({ query, ...window }, signal)).rejects.toMatchObject({
    statusCode: 503,
  });
  const again = await viewer.call('/api/v1/query?query=1');
  expect([again.status, again.json.data.result[1]]).toEqual([200, '1']);
});

it('opening what is no recording fails as it does in the thread of the server', async () => {
  await expect(workerSource({ kind: 'file', path: `${demo}.not` })).rejects.toMatchObject({
    code: 'REZ_ERR_RECORDING_FORMAT',
  });
  await expect(workerSource({ kind: 'live', url: 'ftp://x' })).rejects.toMatchObject({
    code: 'REZ_ERR_CONFIG_INVALID',
  });
});
