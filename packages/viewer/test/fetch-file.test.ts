import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AllowList } from '../src/server/open/allow-list.ts';
import { fetchFile } from '../src/server/open/fetch-file.ts';
import { smallRecording } from './recordings.ts';
import { startTest } from './support.ts';

/** Names of the test and what they resolve to. */
const names: Record<string, string[]> = {
  'inner.example': ['10.0.0.7'],
  'both.example': ['93.184.216.34', '127.0.0.1'],
  'mapped.example': ['::ffff:127.0.0.1'],
};
vi.mock('node:dns', async (original) => ({
  ...(await original<typeof import('node:dns')>()),
  lookup: (name: string, _options: object, done: (error: Error | null, found: object[]) => void) => {
    const found = names[name]?.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    if (found) done(null, found);
    else done(null, [{ address: '127.0.0.1', family: 4 }]);
  },
}));

const dir = mkdtempSync(join(tmpdir(), 'viewer-fetch-'));
let server: Server;
let origin = '';
let recording: Uint8Array;
const asked: string[] = [];

beforeAll(async () => {
  recording = await smallRecording(10);
  server = createServer((request, response) => {
    asked.push(request.url!);
    const [path, target] = request.url!.split('?to=');
    if (path === '/ok/file.parquet') response.end(recording);
    else if (path === '/ok/redirect')
      response.writeHead(302, { location: decodeURIComponent(target!) }).end();
    else if (path === '/ok/endless') {
      const send = () => response.write(Buffer.alloc(65_536), () => response.destroyed || setImmediate(send));
      send();
    } else response.writeHead(path === '/ok/broken' ? 500 : 200).end('secret');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(dir, { recursive: true });
});

let next = 0;
async function load(url: string, allowed: AllowList): Promise<number> {
  const path = join(dir, String(next++));
  const { signal } = new AbortController();
  try {
    await fetchFile(new URL(url), path, { allowed, maxBytes: 2 ** 20, signal });
  } catch (error) {
    return (error as { statusCode: number }).statusCode;
  }
  expect(readFileSync(path)).toEqual(Buffer.from(recording));
  return 200;
}

describe('loading by URL', () => {
  const redirect = (to: string) => `${origin}/ok/redirect?to=${encodeURIComponent(to)}`;

  test('an allowed file is loaded, also behind a redirect', async () => {
    const allowed = new AllowList([`${origin}/ok`]);
    expect(await load(`${origin}/ok/file.parquet`, allowed)).toBe(200);
    expect(await load(redirect('/ok/file.parquet'), allowed)).toBe(200);
    expect(await load(redirect(redirect('/ok/file.parquet')), allowed)).toBe(200);
  });

  test('what is not below a prefix is not asked for, by whatever way', async () => {
    const allowed = new AllowList([`${origin}/ok`]);
    const { port } = new URL(origin);
    asked.length = 0;
    for (const url of [
      `${origin}/secret`,
      `${origin}/okay`,
      `${origin}/ok/../secret`,
      `${origin}/ok/%2e%2e/secret`,
      `http://user:password@127.0.0.1:${port}/ok/file.parquet`,
      `http://localhost:${port}/ok/file.parquet`,
      `https://127.0.0.1:${port}/ok/file.parquet`,
      'http://169.254.169.254/latest/meta-data',
    ]) {
      expect([url, await load(url, allowed)]).toEqual([url, 403]);
    }
    expect(asked).toEqual([]);
    for (const to of [
      '/secret',
      'http://169.254.169.254/',
      'file:///etc/passwd',
      `http://localhost:${port}/ok/file.parquet`,
    ]) {
      expect([to, await load(redirect(to), allowed)]).toEqual([to, 403]);
    }
    expect(asked.every((path) => path.startsWith('/ok/redirect'))).toBe(true);
  });

  test('a name that leads into the inner network is refused, unless that network is allowed', async () => {
    const { port } = new URL(origin);
    for (const name of ['inner.example', 'both.example', 'mapped.example']) {
      expect(
        await load(`http://${name}:${port}/ok/file.parquet`, new AllowList([`http://${name}:${port}/`])),
      ).toBe(403);
    }
    const url = `http://other.example:${port}/ok/file.parquet`;
    expect(await load(url, new AllowList([`http://other.example:${port}/`]))).toBe(403);
    expect(await load(url, new AllowList([`http://other.example:${port}/`], ['127.0.0.0/8']))).toBe(200);
    expect(
      await load(`http://localhost:${port}/ok/file.parquet`, new AllowList([`http://localhost:${port}/ok/`])),
    ).toBe(200);
  });

  test('loops, errors and endless files end', async () => {
    const allowed = new AllowList([`${origin}/ok`]);
    let loop = '/ok/file.parquet';
    for (let i = 0; i < 7; i++) loop = `/ok/redirect?to=${encodeURIComponent(loop)}`;
    expect(await load(`${origin}${loop}`, allowed)).toBe(502);
    expect(await load(`${origin}/ok/broken`, allowed)).toBe(502);
    expect(await load(`${origin}/ok/endless`, allowed)).toBe(413);
    expect(await load('http://127.0.0.1:1/', new AllowList(['http://127.0.0.1:1/']))).toBe(502);
  });

  test.each([
    '10.1.2.3',
    '127.0.0.1',
    '169.254.169.254',
    '0.0.0.0',
    '100.64.0.1',
    '192.168.0.1',
    '172.31.0.1',
    '::1',
    '::',
    'fe80::1%eth0',
    'fd00::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '224.0.0.1',
    '255.255.255.255',
    'x',
  ])('%s is not public', (address) => {
    expect(new AllowList(['https://example.com/']).allowsAddress(address)).toBe(false);
  });

  test.each(['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946'])('%s is public', (address) => {
    expect(new AllowList([]).allowsAddress(address)).toBe(true);
  });

  test.each(['ftp://x/', 'x', 'https://x/?a=b'])('%s is no prefix', (prefix) => {
    expect(() => new AllowList([prefix])).toThrow(/not the beginning/);
  });
  test.each(['10.0.0.0/33', 'x/8', '::1/129'])('%s is no network', (network) => {
    expect(() => new AllowList([], [network])).toThrow(/not a network/);
  });

  test('the viewer loads what is allowed and nothing else', async () => {
    await using viewer = await startTest([], { loading: { allowed: new AllowList([`${origin}/ok/`]) } });
    const post = (url: string) => viewer.call('/api/rezolus/v1/captures', { form: { url } });
    expect((await post(`${origin}/secret`)).status).toBe(403);
    expect((await post('file:///etc/passwd')).status).toBe(400);
    const wrong = await post(`${origin}/ok/index.html`);
    expect([wrong.status, wrong.text]).toEqual([400, expect.not.stringContaining('secret')]);
    const { status, json } = await post(`${origin}/ok/file.parquet`);
    expect([status, json.captures[0].name]).toEqual([201, 'file.parquet']);
    await using closed = await startTest([]);
    expect(
      (await closed.call('/api/rezolus/v1/captures', { form: { url: `${origin}/ok/file.parquet` } })).status,
    ).toBe(403);
  });
});
