import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { Harness } from '@rezolus/devkit';
import { nginxStatus } from '../src/sampler.ts';

const nginx = process.env.NGINX_PROGRAM ?? 'nginx';
const skip = spawnSync(nginx, ['-v']).status === 0 ? false : 'nginx is not installed';

const start = (port: number) =>
  Harness.start([nginxStatus], {
    options: { nginx_status: { url: `http://127.0.0.1:${port}/stub_status`, interval: 100, timeout: 500 } },
  });

/** Refreshes until the sampler says what is wanted. */
async function until(harness: Harness, isTrue: () => boolean): Promise<void> {
  for (;;) {
    await harness.refresh();
    if (isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const complaint = (harness: Harness) => harness.status('nginx_status').missing?.join() ?? '';
const answers = (harness: Harness) => complaint(harness) === '';

async function listen(listener: RequestListener, port = 0): Promise<Server> {
  const server = createServer(listener).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

it('counts the requests that a real nginx answers', { skip, timeout: 20_000 }, async () => {
  const probe = await listen(() => {});
  const port = portOf(probe);
  await close(probe);
  const folder = mkdtempSync(join(tmpdir(), 'nginx-test-'));
  mkdirSync(join(folder, 'logs'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr warn;
    events {}
    http { access_log off; ${temporary.join(' ')}
      server { listen 127.0.0.1:${port}; location /stub_status { stub_status; } location / { return 200 "x"; } } }`,
  );
  const server = spawn(nginx, ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], { stdio: 'inherit' });
  try {
    await using harness = await start(port);
    await until(harness, () => answers(harness));
    const before = harness.sum('nginx_requests');
    for (let i = 0; i < 100; i++) await (await fetch(`http://127.0.0.1:${port}/`)).text();
    await until(harness, () => harness.sum('nginx_requests') - before >= 100);
    // The sampler's own requests come on top, ten in a second.
    assert.ok(harness.sum('nginx_connections_accepted') >= 2);
    assert.ok(harness.sum('nginx_connections', { state: 'writing' }) >= 1);
  } finally {
    server.kill();
    if (server.exitCode === null) await once(server, 'exit');
    rmSync(folder, { recursive: true });
  }
});

it('has no values while nginx is away, and goes on after its restart', { timeout: 20_000 }, async () => {
  const page = (requests: number) =>
    `Active connections: 1 \nserver accepts handled requests\n 5 5 ${requests} \nReading: 0 Writing: 1 Waiting: 0 \n`;
  const first = await listen((_, response) => response.end(page(70)));
  const port = portOf(first);
  await using harness = await start(port);
  await until(harness, () => answers(harness));
  assert.equal(harness.sum('nginx_requests'), 70);
  await close(first);
  await until(harness, () => !answers(harness));
  const [group] = harness.groups();
  assert.ok(group?.countersPresent?.every((present) => present === 0));
  const second = await listen((_, response) => response.end(page(3)), port);
  await until(harness, () => answers(harness));
  assert.equal(harness.sum('nginx_requests'), 73);
  await close(second);
});

for (const [what, listener, said] of [
  ['another page', (_, response) => response.end('<html>'), /not a page of stub_status/],
  ['an error', (_, response) => response.writeHead(403).end(), /answered 403/],
  ['a flood', (_, response) => response.end('x'.repeat(1 << 20)), /more than 4096 bytes/],
  ['a redirection', (_, response) => response.writeHead(302, { location: '/' }).end(), /redirect/],
  ['silence', () => {}, /timeout/i],
] as const satisfies readonly (readonly [string, RequestListener, RegExp])[]) {
  it(`says why there is nothing: ${what}`, { timeout: 20_000 }, async () => {
    const server = await listen(listener);
    {
      await using harness = await start(portOf(server));
      await until(harness, () => said.test(complaint(harness)));
    }
    await close(server);
  });
}
