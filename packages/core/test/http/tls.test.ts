import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HttpClient, parseEndpoint } from '../../src/http/index.ts';
import { curl, Folder, openDoor } from './support.ts';

let folder: Folder;
let at: (name: string) => string;
beforeAll(() => {
  folder = new Folder();
  at = (name) => join(folder.path, name);
  folder.certificate('server', 'IP:127.0.0.1');
  folder.certificate('client', 'DNS:scraper.example,URI:spiffe://example/scraper');
  folder.certificate('other', 'DNS:other.example');
  folder.certificate('self', 'DNS:scraper.example');
});
afterAll(() => folder[Symbol.dispose]());

const own = 'cert_file: server.crt, key_file: server.key';
const open = (rest = '') => openDoor(folder.file('web.yml', `tls_server_config: { ${own}${rest} }`));
const ca = () => ['--cacert', at('ca.crt')];
const as = (name: string) => ['--cert', at(`${name}.crt`), '--key', at(`${name}.key`)];

describe('TLS', () => {
  it('serves HTTPS only, from TLS 1.2 on', async () => {
    await using server = await open();
    expect(server.address).toMatch(/^https:/);
    expect(await curl(...ca(), server.address)).toEqual({ status: 200, body: 'hello from /' });
    expect((await curl(server.address)).status).toBe(0);
    expect((await curl(server.address.replace('https', 'http'))).status).toBe(0);
    expect((await curl(...ca(), '--tls-max', '1.1', server.address)).status).toBe(0);
    expect((await curl(...ca(), '--tls-max', '1.2', server.address)).status).toBe(200);
  });

  it('takes versions, ciphers and curves by the names that Go has', async () => {
    await using server = await open(
      ', min_version: TLS12, max_version: TLS12, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384], curve_preferences: [X25519, CurveP256]',
    );
    expect((await curl(...ca(), '--ciphers', 'ECDHE-ECDSA-AES256-GCM-SHA384', server.address)).status).toBe(
      200,
    );
    expect((await curl(...ca(), '--ciphers', 'ECDHE-ECDSA-AES128-GCM-SHA256', server.address)).status).toBe(
      0,
    );
    expect((await curl(...ca(), '--tlsv1.3', server.address)).status).toBe(0);
    await expect(open(', cipher_suites: [RC4]')).rejects.toThrow('RC4 is not known');
  });

  it('replaces its certificate when the files change', async () => {
    await using server = await open();
    expect((await curl(...ca(), server.address)).status).toBe(200);
    folder.certificate('self-server', 'IP:127.0.0.1');
    const before = ['server.crt', 'server.key'].map((name) => [at(name), at(`old-${name}`)] as const);
    for (const [name, old] of before) copyFileSync(name, old);
    copyFileSync(at('self-server.crt'), at('server.crt'));
    copyFileSync(at('self-server.key'), at('server.key'));
    try {
      const trusted = ['--cacert', at('self-server.crt'), server.address];
      await vi.waitUntil(async () => (await curl(...trusted)).status === 200, {
        timeout: 10_000,
        interval: 100,
      });
      expect((await curl(...ca(), server.address)).status).toBe(0);
    } finally {
      for (const [name, old] of before) copyFileSync(old, name);
    }
  });
});

describe('client certificates', () => {
  const verify = ', client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt';

  it.each([
    [verify, { none: 0, client: 200, self: 0 }],
    [
      ', client_auth_type: VerifyClientCertIfGiven, client_ca_file: ca.crt',
      { none: 200, client: 200, self: 0 },
    ],
    [', client_auth_type: RequireAnyClientCert', { none: 0, client: 200, self: 200 }],
    [', client_auth_type: RequestClientCert', { none: 200, client: 200, self: 200 }],
    [`${verify}, client_allowed_sans: [scraper.example]`, { none: 0, client: 200, other: 0, self: 0 }],
    [`${verify}, client_allowed_sans: ["spiffe://example/scraper"]`, { client: 200, other: 0 }],
  ])('%s', async (rest, expected) => {
    await using server = await open(rest);
    const got: Record<string, number> = {};
    for (const name of Object.keys(expected)) {
      const certificate = name === 'none' ? [] : as(name);
      got[name] = (await curl(...ca(), ...certificate, server.address)).status;
    }
    expect(got).toEqual(expected);
  });

  it('are wanted from the moment the file says so', async () => {
    await using server = await open();
    expect((await curl(...ca(), server.address)).status).toBe(200);
    writeFileSync(at('web.yml'), `tls_server_config: { ${own}${verify} }`);
    await vi.waitUntil(async () => (await curl(...ca(), server.address)).status === 0, {
      timeout: 10_000,
      interval: 100,
    });
    expect((await curl(...ca(), ...as('client'), server.address)).status).toBe(200);
    expect((await curl(...ca(), ...as('self'), server.address)).status).toBe(0);
  });

  it('are sent by our client, which trusts whom its file says', async () => {
    await using server = await open(verify);
    const base = parseEndpoint(server.address)!;
    const get = async (text: string) => {
      using client = await HttpClient.open(base, folder.file('http.yml', text));
      return (await client.get(base, 5000)).status;
    };
    expect(await get('tls_config: { ca_file: ca.crt, cert_file: client.crt, key_file: client.key }')).toBe(
      200,
    );
    await expect(get('tls_config: { ca_file: ca.crt }')).rejects.toThrow('did not answer');
    await expect(get('tls_config: { cert_file: client.crt, key_file: client.key }')).rejects.toThrow(
      'did not answer',
    );
  });
});
