import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startViewer } from '../src/index.ts';
import { decodeRange } from '../src/wire.ts';
import { type Answer, memorySource, startMs, startTest, type TestViewer } from './support.ts';

const dir = mkdtempSync(join(tmpdir(), 'viewer-'));
const appDir = join(dir, 'app');
let viewer: TestViewer;

beforeAll(async () => {
  mkdirSync(join(appDir, 'assets'), { recursive: true });
  writeFileSync(join(dir, 'secret.txt'), 'secret');
  writeFileSync(join(appDir, 'index.html'), '<!doctype html><title>app</title>');
  writeFileSync(join(appDir, '.hidden'), 'secret');
  writeFileSync(join(appDir, 'assets', 'index-a1b2c3.js'), 'export {};');
  viewer = await startTest(memorySource(), { appDir });
});
afterAll(async () => {
  await viewer[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

function expectGuarded({ headers }: Answer): void {
  const policy = new Map(
    String(headers['content-security-policy'])
      .split(';')
      .map((directive) => directive.trim().split(/\s+(.*)/s) as [string, string]),
  );
  expect(policy.get('default-src')).toBe("'self'");
  expect(policy.get('script-src')).toBe("'self'");
  expect(policy.get('style-src')).toBe("'self'");
  expect(policy.get('object-src')).toBe("'none'");
  expect(policy.get('base-uri')).toBe("'none'");
  expect(policy.get('frame-ancestors')).toBe("'none'");
  expect(policy.get('require-trusted-types-for')).toBe("'script'");
  expect(String(headers['content-security-policy'])).not.toContain('unsafe');
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(headers['referrer-policy']).toBe('no-referrer');
  expect(headers['access-control-allow-origin']).toBeUndefined();
}

test.each(['/', '/assets/index-a1b2c3.js', '/api/v1/labels', '/api/rezolus/v1/captures', '/nothing', '/%zz'])(
  'headers of %s',
  async (path) => expectGuarded(await viewer.call(path)),
);

test('the start page is asked for anew, hashed files stay', async () => {
  const page = await viewer.call('/');
  expect(page.status).toBe(200);
  expect(page.text).toContain('<title>app</title>');
  expect(page.headers['content-type']).toContain('text/html');
  expect(page.headers['cache-control']).toBe('no-cache');
  const again = await viewer.call('/', { headers: { 'if-none-match': String(page.headers.etag) } });
  expect(again.status).toBe(304);
  const script = await viewer.call('/assets/index-a1b2c3.js');
  expect(script.headers['content-type']).toContain('javascript');
  expect(script.headers['cache-control']).toBe('public, max-age=31536000, immutable');
});

test.each([
  '/../secret.txt',
  '/assets/../../secret.txt',
  '/%2e%2e/secret.txt',
  '/assets/%2e%2e%2f%2e%2e%2fsecret.txt',
  '/..%5csecret.txt',
  '/..\\secret.txt',
  '/assets/..%00/secret.txt',
  '/%00',
  '//etc/passwd',
  '/etc/passwd',
  '/assets/',
  '/.hidden',
  '/assets/%252e%252e/%252e%252e/secret.txt',
  'file:///etc/passwd',
])('%s leads nowhere', async (path) => {
  const answer = await viewer.call(path);
  expect([400, 403, 404]).toContain(answer.status);
  expect(answer.text).not.toContain('secret\n');
  expect(answer.text).not.toMatch(/^secret|root:/);
});

test.each(['evil.example', 'localhost.evil.example', 'a@localhost'])(
  'Host %j is refused everywhere',
  async (host) => {
    for (const path of ['/', '/api/v1/labels', '/api/rezolus/v1/captures', '/nothing']) {
      const answer = await viewer.call(path, { headers: { host } });
      expect([400, 403]).toContain(answer.status);
      expect(answer.text).not.toContain('app');
    }
  },
);

test.each(['HTTP/1.0\r\n', 'HTTP/1.1\r\n', 'HTTP/1.1\r\nHost:\r\n'])('%j lacks a Host', async (rest) => {
  const { hostname, port } = new URL(viewer.viewer.address);
  const socket = connect(Number(port), hostname);
  socket.write(`GET /api/v1/labels ${rest}Connection: close\r\n\r\n`);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 40[03] /);
});

test('other sites can neither write nor read, our own page and programs can', async () => {
  const status = async (headers: Record<string, string>, form?: Record<string, string>) =>
    (await viewer.call('/api/v1/labels', { headers, ...(form ? { form } : {}) })).status;
  const { host } = new URL(viewer.viewer.address);
  expect(await status({ origin: 'http://evil.example' }, { a: 'b' })).toBe(403);
  expect(await status({ origin: 'null' }, { a: 'b' })).toBe(403);
  expect(await status({ 'sec-fetch-site': 'cross-site' }, { a: 'b' })).toBe(403);
  expect(await status({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).toBe(403);
  expect(await status({ origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }, { a: 'b' })).toBe(200);
  expect(await status({}, { a: 'b' })).toBe(200);
});

test('without a built app the start page says how to build it, and the API works', async () => {
  await using bare = await startTest(memorySource(), { appDir: join(dir, 'missing') });
  const page = await bare.call('/');
  expect(page.status).toBe(503);
  expect(page.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(page.text).toContain('npm run build:viewer');
  expect((await bare.call('/api/v1/labels')).status).toBe(200);
});

test('the capture leaves out what is large', async () => {
  expect((await viewer.call('/api/rezolus/v1/captures')).json.captures[0]).toEqual({
    id: '1',
    alias: 'test',
    kind: 'file',
    nodes: null,
    name: 'test.parquet',
    startMs,
    endMs: startMs + 60_000,
    intervalMs: 1000,
    series: 7,
    metadata: { source: 'rezolus' },
    systeminfo: { cpus: 2 },
  });
});

test('a section says what is empty in it', async () => {
  const sections = (await viewer.call('/api/rezolus/v1/sections')).json;
  expect(sections[0]).toMatchObject({ id: 'overview', name: 'Overview', available: 2 });
  const cpu = (await viewer.call('/api/rezolus/v1/sections/cpu')).json;
  expect(cpu.empty['cpu-busy-pct']).toBeUndefined();
  expect(cpu.empty['cpu-system-pct']).toBe('No series matches cpu_usage{state="system"}.');
  expect((await viewer.call('/api/rezolus/v1/sections/__proto__')).status).toBe(404);
});

const range = (params: Record<string, string>) =>
  viewer.call(`/api/rezolus/v1/range?${new URLSearchParams(params)}`);
const whole = { start: String(startMs), end: String(startMs + 60_000) };

test('a range comes in the compact form', async () => {
  const { status, headers, body } = await range({ ...whole, query: 'sum by (op) (irate(ops[5m]))' });
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('application/vnd.rezolus.range');
  const reply = decodeRange(Uint8Array.from(body).buffer);
  const times = Float64Array.from({ length: 60 }, (_, i) => startMs + (i + 1) * 1000);
  expect(reply).toEqual({
    kind: 'lines',
    series: [
      { labels: { op: 'read' }, times, values: new Float64Array(60).fill(10) },
      { labels: { op: 'write' }, times, values: new Float64Array(60).fill(20) },
    ],
  });
  const heatmap = decodeRange(
    Uint8Array.from((await range({ ...whole, query: 'histogram_heatmap(latency)' })).body).buffer,
  );
  expect(heatmap).toMatchObject({ kind: 'buckets', counts: new Float64Array(60).fill(1) });
  expect(heatmap.kind === 'buckets' && heatmap.bounds.at(-1)).toBe(1024);
});

test.each([
  [{}, 400, '"query"'],
  [{ query: 'ops' }, 400, '"start"'],
  [{ query: 'ops', start: '5', end: '1' }, 400, '"end"'],
  [{ query: 'ops', start: 'NaN', end: '1' }, 400, '"start"'],
  [{ query: 'ops', start: '0', end: '1e300' }, 400, '"end"'],
  [{ query: 'ops', start: '0', end: '1', step: '0' }, 400, '"step"'],
  [{ query: 'ops', start: '0', end: '1', points: '1' }, 400, '"points"'],
  [{ query: 'ops', start: '0', end: '1', points: '1e9' }, 400, '"points"'],
  [{ query: 'ops(', start: '0', end: '1' }, 400, ''],
  [{ query: 'ops[5m]', start: '0', end: '1' }, 422, 'range vector'],
  [{ query: '"a"', start: '0', end: '1' }, 422, 'string'],
] as const)('range %j is refused', async (params, status, message) => {
  const answer = await range(params as Record<string, string>);
  expect(answer.json).toMatchObject({ status: 'error', error: expect.stringContaining(message) });
  expect(answer.status).toBe(status);
});

test('a recording has no live stream', async () => {
  expect((await viewer.call('/api/rezolus/v1/live')).status).toBe(404);
});

test('an address that is taken is REZ_ERR_LISTEN', async () => {
  const port = Number(new URL(viewer.viewer.address).port);
  await expect(
    startViewer({ sources: [{ source: memorySource() }], listen: { host: '127.0.0.1', port } }),
  ).rejects.toMatchObject({ code: 'REZ_ERR_LISTEN' });
});
