import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort, type Rezolus, root, startAgent, TemporaryFolder } from '../support/rezolus.ts';

const clients = 1000;
const megabyte = 2 ** 20;

let folder: TemporaryFolder;
let agent: Rezolus;
let url: string;
let port: number;

beforeAll(async () => {
  folder = new TemporaryFolder();
  ({ agent, url } = await startAgent(folder));
  port = Number(new URL(url).port);
  await scrape();
});
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function scrape(): Promise<number> {
  const response = await fetch(`${url}/metrics/binary`);
  await response.arrayBuffer();
  return response.status;
}

function residentBytes(): number {
  const status = readFileSync(`/proc/${agent.child.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s*(\d+)/m.exec(status)![1]) * 1024;
}

/** talk: what a server answers to bytes; it closes the connection in the end. */
async function talk(bytes: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('error', () => {});
  socket.setEncoding('latin1').on('data', (text) => {
    answer += text;
  });
  socket.end(bytes);
  await once(socket, 'close');
  return answer;
}

/** loadedPrograms: ids of the BPF programs in this kernel, null where nobody can say. */
function loadedPrograms(): Set<number> | null {
  try {
    const listed = execFileSync('bpftool', ['prog', 'show', '--json'], { encoding: 'utf8', stdio: 'pipe' });
    return new Set((JSON.parse(listed) as { id: number }[]).map(({ id }) => id));
  } catch {
    return null;
  }
}

/** programsOf: ids of the BPF programs that a process has open. */
function programsOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/fdinfo`).flatMap((fd) => {
    const id = /^prog_id:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1];
    return id === undefined ? [] : [Number(id)];
  });
}

describe('requests that are none', () => {
  const get = 'GET / HTTP/1.1\r\nHost: localhost\r\n';

  it.each([
    ['a header of 20 KB', `${get}X: ${'x'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['a URL of 20 KB', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a TLS handshake', Buffer.from('16030100c8010000c40303', 'hex'), /^HTTP\/1\.1 400 /],
    [
      'two lengths',
      `${get}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      /^HTTP\/1\.1 400 /,
    ],
    ['a body of 1 MB', `${get.replace('GET', 'POST')}Content-Length: 1000000\r\n\r\n`, /^HTTP\/1\.1 4\d\d /],
    [
      'a compressed body',
      `${get.replace('GET', 'POST')}Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\0`,
      /^HTTP\/1\.1 4\d\d /,
    ],
    ['a NUL in the URL', 'GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n', /^HTTP\/1\.1 400 /],
    [
      'two requests in one',
      `${get}Content-Length: 0\r\n\r\nGET /status HTTP/1.1\r\nHost: evil.example\r\n\r\n`,
      /421 Misdirected/,
    ],
  ])('%s is refused', async (_what, bytes, answer) => {
    expect(await talk(bytes)).toMatch(answer);
    expect(await scrape()).toBe(200);
  });
});

it('serves a good client while a thousand do not read, and keeps its memory', async () => {
  const before = residentBytes();
  const stuck: Socket[] = [];
  try {
    for (let client = 0; client < clients; client++) {
      const socket = connect(port, '127.0.0.1').pause();
      socket.on('error', () => {});
      socket.write('GET /metrics/json HTTP/1.1\r\nHost: localhost\r\n\r\n');
      stuck.push(socket);
    }
    await Promise.all(stuck.map((socket) => socket.connecting && once(socket, 'connect')));
    expect(await scrape()).toBe(200);
    expect(residentBytes() - before).toBeLessThan(128 * megabyte);
  } finally {
    for (const socket of stuck) socket.destroy();
  }
  await vi.waitUntil(async () => (await scrape()) === 200, 10_000);
});

it('answers a thousand scrapers at once', async () => {
  const before = residentBytes();
  const statuses = await Promise.all(Array.from({ length: clients }, scrape));
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(residentBytes() - before).toBeLessThan(128 * megabyte);
});

it('shows the name of a thread that is no text as text', async () => {
  // The kernel takes any bytes but NUL for a name.
  const hostile = spawn(
    'perl',
    ['-e', '$0 = qq(\\xff\\xfe<b>"\\\\\\n); $| = 1; print "named\\n"; sleep 60'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  try {
    await once(hostile.stdout, 'data');
    const seen = await vi.waitUntil(async () => {
      const bytes = new Uint8Array(await (await fetch(`${url}/metrics/json`)).arrayBuffer());
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      return text.includes(`"${hostile.pid}"`) && JSON.stringify(JSON.parse(text));
    }, 10_000);
    expect(seen).toContain('<b>');
  } finally {
    hostile.kill();
  }
});

it('leaves nothing in the kernel when it is killed', async ({ skip }) => {
  const own = programsOf(agent.child.pid!);
  if (loadedPrograms() === null) return skip('needs bpftool');
  expect(own.length).toBeGreaterThan(10);
  agent.child.kill('SIGKILL');
  await once(agent.child, 'exit');
  const left = () => own.filter((id) => loadedPrograms()!.has(id));
  await vi.waitUntil(() => left().length === 0, { timeout: 10_000, interval: 100 });
});

it('goes without the samplers that it has no files for, and names them', async () => {
  using own = new TemporaryFolder();
  const free = await freePort();
  const config = own.file('agent.toml', `[general]\nlisten = "127.0.0.1:${free}"\n`);
  const command = `ulimit -n 128 && exec "${process.execPath}" packages/cli/bin/run.ts agent "${config}"`;
  const child = spawn('sh', ['-c', command], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    log += text;
  });
  try {
    while (!/"address":"http/.test(log)) {
      if (child.exitCode !== null) throw new Error(`the agent ended: ${log}`);
      await Promise.race([once(child.stderr, 'data'), ended]);
    }
    const samplers = (await (await fetch(`http://127.0.0.1:${free}/samplers`)).json()) as {
      name: string;
      state: string;
      error?: string;
    }[];
    const failed = samplers.filter(({ state }) => state === 'failed');
    expect(failed.map(({ error }) => error).join()).toMatch(/too many open files/i);
    expect(samplers.filter(({ state }) => state === 'active').length).toBeGreaterThan(3);
    const { status } = await fetch(`http://127.0.0.1:${free}/metrics/binary`);
    expect(status).toBe(200);
  } finally {
    child.kill();
    await ended;
  }
});
