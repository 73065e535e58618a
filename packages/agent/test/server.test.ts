import { hostname } from 'node:os';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { silentLogger } from '@rezolus/core';
import { acceptedEncoding, FrontDoor, isOwnHost } from '@rezolus/core/http';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { createServer, type ServerOptions } from '../src/http/server.ts';
import type { SnapshotFormat } from '../src/snapshot.ts';

const snapshot = Buffer.alloc(50_000, 'counter');
const door = await FrontDoor.open({
  webConfigFile: '',
  log: silentLogger,
  maxConnections: 256,
  idleMs: 30_000,
});
let server: FastifyInstance;
afterEach(() => server.close());

function serve(overrides: Partial<ServerOptions> = {}): FastifyInstance {
  server = createServer({
    version: '1.2.3',
    door,
    format: 'v3',
    snapshots: {
      read: async (format: SnapshotFormat) => (format === 'json' ? Buffer.from('{"groups":[]}') : snapshot),
      readNews: async (state) => ({ bytes: Buffer.from(`since ${state}`), state: 'now' }),
    },
    descriptions: { cpu_usage: 'time' },
    systemInfo: () => ({ os: 'linux' }),
    samplers: () => [{ name: 'cpu_usage', state: 'active' }],
    status: () => ({ version: '1.2.3', uptime_seconds: 1, ttl_seconds: 0, samplers: [] }),
    failed: () => {},
    hosts: [],
    ...overrides,
  });
  return server;
}

describe('routes', () => {
  const text = 'text/plain; charset=utf-8';
  const json = 'application/json; charset=utf-8';

  it.each([
    ['/', text, 'Rezolus 1.2.3 Agent\nFor information, see: https://rezolus.com\n'],
    ['/metrics/binary', 'application/octet-stream', snapshot.toString()],
    ['/metrics/json', text, '{"groups":[]}'],
    ['/metrics/descriptions', json, '{"cpu_usage":"time"}'],
    ['/systeminfo', json, '{"os":"linux"}'],
    ['/samplers', json, '[{"name":"cpu_usage","state":"active"}]'],
    ['/status', json, '{"version":"1.2.3","uptime_seconds":1,"ttl_seconds":0,"samplers":[]}'],
  ])('%s answers as %s', async (url, type, body) => {
    const answer = await serve().inject(url);
    expect([answer.statusCode, answer.headers['content-type'], answer.body]).toEqual([200, type, body]);
    expect(Number(answer.headers['content-length'])).toBe(Buffer.byteLength(body));
  });

  it.each([
    ['GET', '/vars'],
    ['GET', '/metrics'],
    ['POST', '/metrics/binary'],
    ['GET', '/%ff'],
  ] as const)('%s %s is not found or refused, in plain text', async (method, url) => {
    const answer = await serve().inject({ method, url });
    expect(answer.statusCode).toBeGreaterThanOrEqual(400);
    expect(answer.statusCode).toBeLessThan(500);
    expect(answer.headers['content-type']).toBe(text);
  });

  it('leaves out what a reader says it knows, in the format that has schemas of their own', async () => {
    const ask = { url: '/metrics/binary', headers: { 'rezolus-schemas': 'then' } };
    const answer = await serve().inject(ask);
    expect([answer.body, answer.headers['rezolus-schemas']]).toEqual(['since then', 'now']);
    const older = await serve({ format: 'v2' }).inject(ask);
    expect([older.rawPayload.equals(snapshot), older.headers['rezolus-schemas']]).toEqual([true, undefined]);
  });

  it('hides the reason of an unexpected error from the client and hands it on', async () => {
    const failures: unknown[] = [];
    const fail = () => Promise.reject(new Error('secret path'));
    const snapshots = { read: fail, readNews: fail };
    const answer = await serve({
      snapshots,
      failed: (error, path) => failures.push([(error as Error).message, path]),
    }).inject('/metrics/binary');
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain('secret');
    expect(failures).toEqual([['secret path', '/metrics/binary']]);
  });

  it('says nothing about its software', async () => {
    const { headers } = await serve().inject('/');
    expect(Object.keys(headers)).not.toContain('x-powered-by');
    expect(Object.keys(headers)).not.toContain('server');
  });
});

describe('compression', () => {
  it.each([
    ['gzip', gunzipSync],
    ['zstd', zstdDecompressSync],
  ] as const)('answers %s to a client that asks', async (encoding, decompress) => {
    const answer = await serve().inject({
      url: '/metrics/binary',
      headers: { 'accept-encoding': encoding },
    });
    expect(answer.headers['content-encoding']).toBe(encoding);
    expect(Number(answer.headers['content-length'])).toBe(answer.rawPayload.length);
    expect(answer.rawPayload.length).toBeLessThan(2000);
    expect(decompress(answer.rawPayload).equals(snapshot)).toBe(true);
  });

  it('leaves the body alone for a client that does not ask', async () => {
    const answer = await serve().inject('/metrics/binary');
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(answer.rawPayload.equals(snapshot)).toBe(true);
  });

  it('leaves small bodies alone', async () => {
    const answer = await serve().inject({ url: '/status', headers: { 'accept-encoding': 'gzip' } });
    expect(answer.headers['content-encoding']).toBeUndefined();
  });

  it.each([
    [undefined, null],
    ['', null],
    ['identity', null],
    ['br', null],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip;q=1.0, zstd;q=0.5', 'gzip'],
    ['zstd;q=0, gzip', 'gzip'],
    ['*', 'zstd'],
    ['*;q=0', null],
    ['GZIP', 'gzip'],
    ['gzip;q=x', null],
  ])('takes %s as %s', (header, encoding) => {
    expect(acceptedEncoding(header)).toBe(encoding);
  });
});

describe('Host', () => {
  it.each(['127.0.0.1:4241', '[::1]:4241', '10.0.0.7', 'LocalHost', 'localhost.:80', `${hostname()}:4241`])(
    'accepts %s',
    (header) => {
      expect(isOwnHost(header)).toBe(true);
    },
  );

  it.each(['evil.example', 'localhost.evil.example:4241', '127.0.0.1.evil.example', '', 'a:b:c', '[::1'])(
    'refuses "%s"',
    (header) => {
      expect(isOwnHost(header)).toBe(false);
    },
  );

  it('answers 421 to a name that is not of this machine', async () => {
    const answer = await serve().inject({ url: '/status', headers: { host: 'evil.example' } });
    expect(answer.statusCode).toBe(421);
    expect(answer.body).not.toContain('uptime');
  });

  it('accepts the name that it was told to listen on', async () => {
    const answer = await serve({ hosts: ['node-1.example'] }).inject({
      url: '/status',
      headers: { host: 'node-1.example:4241' },
    });
    expect(answer.statusCode).toBe(200);
  });
});
