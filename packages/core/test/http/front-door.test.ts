import { createHash } from 'node:crypto';
import { existsSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { ClientConfig } from '../../src/http/client-config.ts';
import { HttpClient, parseEndpoint } from '../../src/http/index.ts';
import { silentLogger } from '../../src/index.ts';
import { Folder, horse, openDoor } from './support.ts';

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

const statusOf = async (address: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${address}/x`, { headers });
  await response.arrayBuffer();
  return response.status;
};

const bodyOf = async (url: string, file = '') => {
  const base = parseEndpoint(url)!;
  using client = await HttpClient.open(base, file);
  return Buffer.from((await client.get(new URL('/x', base), 5000)).body).toString();
};

describe('without a web-config file', () => {
  it('lets everybody in', async () => {
    await using server = await openDoor();
    expect(server.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await statusOf(server.address)).toBe(200);
  });

  it('says which address it could not have', async () => {
    await using first = await openDoor();
    const taken = first.address.slice('http://'.length);
    await expect(openDoor('', taken)).rejects.toMatchObject({
      code: 'REZ_ERR_LISTEN',
      message: `cannot listen on ${taken}`,
    });
  });
});

describe('a unix socket', () => {
  it('has the mode that was asked for and goes with the server', async () => {
    using folder = new Folder();
    const path = join(folder.path, 'a.sock');
    {
      await using server = await openDoor('', `unix:${path}?mode=0600`);
      expect(server.address).toBe(`unix:${path}`);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(await bodyOf(server.address)).toBe('hello from /x');
      await expect(openDoor('', `unix:${path}`)).rejects.toMatchObject({ code: 'REZ_ERR_LISTEN' });
      expect(await bodyOf(server.address)).toBe('hello from /x');
    }
    expect(existsSync(path)).toBe(false);
  });

  it('replaces one that a dead process left, and nothing else', async () => {
    using folder = new Folder();
    const path = join(folder.path, 'a.sock');
    const aside = join(folder.path, 'b.sock');
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(path, resolve));
    renameSync(path, aside);
    await new Promise((resolve) => dead.close(resolve));
    renameSync(aside, path);
    await using _server = await openDoor('', `unix:${path}`);
    expect(await bodyOf(`unix:${path}`)).toBe('hello from /x');
    const file = folder.file('precious', 'data');
    await expect(openDoor('', `unix:${file}`)).rejects.toMatchObject({ code: 'REZ_ERR_LISTEN' });
    expect(existsSync(file)).toBe(true);
  });
});

describe('passwords and tokens', () => {
  const token = 'not-a-secret';
  const tokenHash = createHash('sha256').update(token).digest('hex');
  const users = `basic_auth_users:\n  alice: ${horse.hash}\n`;

  it('lets in who has one', async () => {
    using folder = new Folder();
    const file = folder.file('web.yml', `${users}bearer_tokens: { ci: ${tokenHash} }\n`);
    await using server = await openDoor(file);
    const response = await fetch(server.address);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Basic realm="Rezolus", Bearer');
    expect(await statusOf(server.address, basic('alice', horse.password))).toBe(200);
    expect(await statusOf(server.address, basic('alice', horse.password))).toBe(200);
    expect(await statusOf(server.address, { authorization: `Bearer ${token}` })).toBe(200);
    const wrong = [
      basic('alice', 'wrong'),
      basic('alice', 'wrong'),
      basic('alice', ''),
      basic('bob', horse.password),
      basic('', ''),
      basic('__proto__', 'x'),
      basic('alice', `${horse.password}${'x'.repeat(10_000)}`),
      { authorization: 'Basic !!!' },
      { authorization: 'Bearer' },
      { authorization: `Bearer ${tokenHash}` },
      { authorization: `Digest ${token}` },
    ];
    for (const headers of wrong) expect(await statusOf(server.address, headers)).toBe(401);
    expect(server.handled()).toBe(3);
  });

  it('bounds the work that wrong passwords make, and does not keep out who is known', async () => {
    using folder = new Folder();
    await using server = await openDoor(folder.file('web.yml', users));
    expect(await statusOf(server.address, basic('alice', horse.password))).toBe(200);
    const attack = Array.from({ length: 60 }, (_, i) =>
      statusOf(server.address, basic('alice', `guess ${i}`)),
    );
    expect(await statusOf(server.address, basic('alice', horse.password))).toBe(200);
    const statuses = await Promise.all(attack);
    expect(new Set(statuses)).toEqual(new Set([401, 503]));
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(30);
  });

  it('takes a changed file, keeps the old one where the new one is wrong, and logs no secret', async () => {
    using folder = new Folder();
    const logged: string[] = [];
    const note = (fields: object, message: string) =>
      void logged.push(`${JSON.stringify(fields)} ${message}`);
    const file = folder.file('web.yml', `bearer_tokens: { ci: ${tokenHash} }\n`);
    await using server = await openDoor(file, '127.0.0.1:0', { ...silentLogger, info: note, error: note });
    const bearer = { authorization: `Bearer ${token}` };
    expect(await statusOf(server.address, bearer)).toBe(200);
    expect(await statusOf(server.address, basic('alice', horse.password))).toBe(401);

    writeFileSync(file, users);
    await vi.waitUntil(async () => (await statusOf(server.address, bearer)) === 401, 5000);
    expect(await statusOf(server.address, basic('alice', horse.password))).toBe(200);

    for (const text of [`basic_auth_users: { alice: hunter2 }`, `${users}  : [hunter2`, 'hunter2: 1']) {
      const before = logged.length;
      writeFileSync(file, text);
      await vi.waitUntil(async () => {
        expect(await statusOf(server.address, basic('alice', horse.password))).toBe(200);
        return logged.length > before;
      }, 5000);
      expect(logged.at(-1)).toContain('stays as it was');
    }
    expect(logged.filter((line) => line.includes('unknown key "hunter2"'))).toHaveLength(1);
    expect(logged.filter((line) => !line.includes('unknown key')).join()).not.toMatch(/hunter2|\$2y/);
  });

  it.each([
    [
      'basic_auth_users: { a: $2y$31$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2 }',
      'cost from 4 to 18',
    ],
    ['tls_server_config: { cert_file: a }', 'needs a certificate and a key'],
    ['tls_server_config: { cert_file: a, key_file: b }', 'cannot read'],
    ['tls_server_config: { cert: a, key: b }', 'cannot be used'],
    ['tls_server_config: { cert: a, key: b, client_auth_type: Maybe }', 'client_auth_type'],
    [
      'tls_server_config: { cert: a, key: b, client_auth_type: RequireAndVerifyClientCert }',
      'needs client_ca_file',
    ],
    ['rate_limit: { interval: soon }', 'not a duration'],
    ['a: &a [*a, *a]', 'unknown key "a"'],
  ])('refuses %s', async (text, message) => {
    using folder = new Folder();
    await expect(openDoor(folder.file('web.yml', text))).rejects.toThrow(message);
  });
});

it('limits the rate of requests and adds headers', async () => {
  using folder = new Folder();
  const text = `
rate_limit: { interval: 1h, burst: 2 }
http_server_config: { http2: false, headers: { X-Frame-Options: deny, Content-Security-Policy: "" } }`;
  await using server = await openDoor(folder.file('web.yml', text));
  const first = await fetch(server.address);
  expect(first.headers.get('x-frame-options')).toBe('deny');
  expect(first.headers.has('content-security-policy')).toBe(false);
  expect(await statusOf(server.address)).toBe(200);
  expect(await statusOf(server.address)).toBe(429);
});

describe('the client', () => {
  it('reads its password from a file, again when that changes', async () => {
    using folder = new Folder();
    await using server = await openDoor(folder.file('web.yml', `basic_auth_users: { alice: ${horse.hash} }`));
    const password = folder.file('password', 'wrong\n');
    const file = folder.file('http.yml', 'basic_auth: { username: alice, password_file: password }');
    const base = parseEndpoint(server.address)!;
    using client = await HttpClient.open(base, file);
    await expect(client.get(base, 5000)).rejects.toMatchObject({ code: 'REZ_ERR_ENDPOINT_DENIED' });
    writeFileSync(password, `${horse.password}\n`);
    expect((await client.get(base, 5000)).status).toBe(200);
  });

  it.each([
    ['authorization: { credentials: t }', 'Bearer t'],
    ['authorization: { type: Token, credentials: t }', 'Token t'],
    ['basic_auth: { username: u, password: "p:q" }', `Basic ${btoa('u:p:q')}`],
    ['tls_config: { insecure_skip_verify: true }', undefined],
  ])('takes %s', (text, authorization) => {
    using folder = new Folder();
    expect(ClientConfig.load(folder.file('http.yml', text)).authorization).toBe(authorization);
  });

  it.each([
    ['basic_auth: { username: u }\nauthorization: { credentials: t }', 'exclude each other'],
    ['authorization: { credentials_file: nowhere }', 'cannot read'],
    ['oauth2: {}', 'unknown key "oauth2"'],
  ])('refuses %j', (text, message) => {
    using folder = new Folder();
    expect(() => ClientConfig.load(folder.file('http.yml', text))).toThrow(message);
  });

  it.each(['http://u:p@127.0.0.1:1', 'https://u@h/', 'ftp://h', 'unix:', 'unix:relative', ''])(
    'knows that %j is no address',
    (text) => {
      expect(parseEndpoint(text)).toBeNull();
    },
  );
});
