import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeV3 } from '@rezolus/exposition';
import { afterEach, expect, test } from 'vitest';
import type { LiveEvent } from '../src/contract.ts';
import { liveSource, type ViewerSource } from '../src/index.ts';
import { startMs, startTest, testSnapshot } from './support.ts';

const intervalMs = 20;
const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** TestAgent: an agent whose snapshots are one second apart, however often they are fetched. */
interface TestAgent {
  readonly port: number;
  readonly requests: string[];
  stop(): Promise<void>;
}

async function startAgent(options: { first?: number; port?: number; facts?: Record<string, string> } = {}) {
  let next = options.first ?? 0;
  const facts: Record<string, string> = {
    '/systeminfo': '{"hostname":"first"}',
    '/metrics/descriptions': '{"ops":"Operations done"}',
    ...options.facts,
  };
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    if (path === '/metrics/binary') return void response.end(encodeV3(testSnapshot(next++)));
    const fact = facts[path];
    response.writeHead(fact === undefined ? 404 : 200).end(fact);
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const agent: TestAgent = {
    port: (server.address() as AddressInfo).port,
    requests,
    async stop() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  opened.push(() => agent.stop());
  return agent;
}

function watch(port: number, retentionMs?: number): ViewerSource {
  const source = liveSource(`http://127.0.0.1:${port}`, {
    intervalMs,
    ...(retentionMs === undefined ? {} : { retentionMs }),
  });
  opened.push(() => source.close());
  return source;
}

/** until: waits for the change of `source` after which `reached` holds. */
function until(source: ViewerSource, reached: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (!reached()) return;
      unsubscribe();
      resolve();
    };
    const unsubscribe = source.live!.subscribe(check);
    check();
  });
}

const seconds = ({ source }: ViewerSource) => (source.endMs - source.startMs) / 1000;

test('snapshots become series that can be queried', async () => {
  const agent = await startAgent();
  const source = watch(agent.port);
  await until(source, () => seconds(source) >= 5);
  expect(source.live!.connected).toBe(true);
  expect(source.metadata).toEqual({ source: 'rezolus', version: '1.2.3' });
  expect(source.systeminfo).toEqual({ hostname: 'first' });
  await using viewer = await startTest(source);
  const { json } = await viewer.call('/api/v1/query', {
    form: { query: 'sum(irate(ops[5m]))', time: String(startMs / 1000 + 4) },
  });
  expect(json.data.result[0].value[1]).toBe('30');
  const metadata = await viewer.call('/api/v1/metadata?metric=ops');
  expect(metadata.json.data.ops[0].help).toBe('Operations done');
  expect((await viewer.call('/api/rezolus/v1/captures')).json.captures[0]).toMatchObject({
    kind: 'live',
    series: 7,
  });
});

test('an agent that goes away is missed, one that comes back is asked who it is', async () => {
  const agent = await startAgent();
  const source = watch(agent.port);
  await until(source, () => seconds(source) >= 2);
  await agent.stop();
  await until(source, () => !source.live!.connected);
  const first = source.source.startMs;
  expect(seconds(source)).toBeGreaterThanOrEqual(2);
  await startAgent({ port: agent.port, first: 100, facts: { '/systeminfo': '{"hostname":"second"}' } });
  await until(source, () => source.live!.connected && seconds(source) >= 100);
  expect(source.source.startMs).toBe(first);
  expect(source.systeminfo).toEqual({ hostname: 'second' });
});

test('an agent that is not there yet is waited for', async () => {
  const agent = await startAgent();
  await agent.stop();
  const source = watch(agent.port);
  await using viewer = await startTest(source);
  expect((await viewer.call('/api/rezolus/v1/sections/cpu')).json.empty['cpu-busy-pct']).toBe(
    'No series matches cpu_usage.',
  );
  expect((await viewer.call('/api/rezolus/v1/captures')).json.captures[0]).toMatchObject({
    series: 0,
    startMs: 0,
  });
  await startAgent({ port: agent.port });
  await until(source, () => source.live!.connected && seconds(source) >= 1);
  // The sections follow the series: nothing that was said before there were data stays.
  const cpu = (await viewer.call('/api/rezolus/v1/sections/cpu')).json;
  expect(cpu.empty['cpu-busy-pct']).toBeUndefined();
  expect(JSON.stringify(cpu.groups)).toContain('cpu-busy-pct-per-cpu');
});

test('what is not an agent is missed, not fatal', async () => {
  const server = createServer((_request, response) => void response.end('<html>'));
  server.listen(0, '127.0.0.1');
  opened.push(() => server.close());
  await once(server, 'listening');
  const source = watch((server.address() as AddressInfo).port);
  await once(server, 'request');
  await once(server, 'request');
  expect(source.live!.connected).toBe(false);
});

test('a clock that was set back starts anew', async () => {
  const agent = await startAgent({ first: 1000 });
  const source = watch(agent.port);
  await until(source, () => seconds(source) >= 2);
  await agent.stop();
  await startAgent({ port: agent.port, first: 10 });
  await until(source, () => source.source.endMs > 0 && source.source.endMs < startMs + 500_000);
  expect(source.source.startMs).toBeLessThan(startMs + 100_000);
});

test.each(['localhost:4241x', 'ftp://localhost', 'not a url', 'file:///etc/passwd'])(
  '%s is no agent',
  (url) => {
    expect(() => liveSource(url)).toThrow('is not an http or https URL');
  },
);

test('changes reach the live stream, disconnection too', async () => {
  const agent = await startAgent();
  const source = watch(agent.port);
  await until(source, () => seconds(source) >= 1);
  await using viewer = await startTest(source);
  const leave = new AbortController();
  const response = await fetch(`${viewer.viewer.address}api/rezolus/v1/live`, { signal: leave.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
  const events: LiveEvent[] = [];
  let buffered = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    buffered += chunk;
    const parts = buffered.split('\n\n');
    buffered = parts.pop()!;
    events.push(...parts.map((part) => JSON.parse(part.replace(/^data: /, '')) as LiveEvent));
    if (events.length >= 3 && agent.requests.length > 0) await agent.stop();
    if (events.at(-1)?.connected === false) break;
  }
  expect(events[0]).toMatchObject({ startMs: source.source.startMs, series: 7, connected: true });
  expect(events[2]!.endMs).toBeGreaterThan(events[0]!.endMs);
  expect(events.at(-1)!.connected).toBe(false);
});
