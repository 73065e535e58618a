import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type AgentStatus, fetchStatus, parseStatus, renderStatus, statusExitCode } from '../src/status.ts';
import { recording, recordingsMissing } from './fakes.ts';

const healthy: AgentStatus = {
  version: '1.2.3',
  uptime_seconds: 3725,
  ttl_seconds: 0,
  samplers: [
    {
      name: 'cpu_usage',
      state: 'active',
      health: 'healthy',
      route: 'tp_btf/x',
      refresh_us: 42,
      map_bytes: 8193,
      drops: { recursion: 3, full: 0 },
    },
    { name: 'off', state: 'disabled' },
  ],
};

describe.skipIf(recordingsMissing)("the original's status", () => {
  const status = () => parseStatus(recording('status.json'), 'recording');

  it('renders', () => {
    const lines = renderStatus(status()).split('\n');
    expect(lines[0]).toBe('Rezolus 5.17.1-alpha.17   up 7s   ttl 0s');
    // The counts that the original logged on the machine of the recording.
    expect(lines[1]).toBe('16 healthy, 6 unsupported, 1 degraded, 4 failed');
    expect(lines[2]).toMatch(/^ {2}cpu_bandwidth: unsupported \(tg_set_cfs_bandwidth: no kernel support/);
    expect(lines).toContain('  cpu_branch: failed (no cores available for branch sampling)');
    expect(lines).toHaveLength(2 + 11 + 1);
    expect(renderStatus(status(), { verbose: true }).split('\n')).toHaveLength(2 + 11 + 1 + 31 + 1);
  });

  it('fails the command, because samplers failed', () => {
    expect(statusExitCode(status())).toBe(1);
  });
});

describe('renderStatus', () => {
  it('prints uptime for people and leaves disabled samplers out', () => {
    expect(renderStatus(healthy)).toBe(
      'Rezolus 1.2.3   up 1h 2m 5s   ttl 0s\n1 healthy, 0 unsupported, 0 degraded, 0 failed\n',
    );
  });

  it('adds a table of all samplers when asked', () => {
    const lines = renderStatus(healthy, { verbose: true }).split('\n');
    expect(lines.slice(3)).toEqual([
      'sampler    state     route     refresh  kernel memory  drops',
      'cpu_usage  healthy   tp_btf/x  42 us    9 KiB          recursion 3',
      'off        disabled  -         -        -              -',
      '',
    ]);
  });

  it('does not let an agent write to the terminal', () => {
    const text = renderStatus({
      ...healthy,
      samplers: [{ name: 'x', state: 'failed', error: '\u001b[2Jgone\nfake line' }],
    });
    expect(text.split('\n')).toHaveLength(4);
    expect(text).not.toContain('\u001b');
  });
});

describe('statusExitCode', () => {
  it.each([
    ['unsupported', 0],
    ['degraded', 1],
    ['failed', 1],
  ] as const)('of a sampler that is %s is %i', (health, code) => {
    expect(statusExitCode({ ...healthy, samplers: [{ name: 'x', state: 'active', health }] })).toBe(code);
  });
});

describe('parseStatus', () => {
  it('prints a TTL of less than a second as it is', () => {
    expect(renderStatus({ ...healthy, ttl_ms: 10 })).toContain('   ttl 10ms\n');
  });

  it.each(['', '[]', 'null', '{}', '{"version":"1","uptime_seconds":0,"ttl_seconds":0,"samplers":[null]}'])(
    'refuses %s',
    (body) => {
      expect(() => parseStatus(body, 'http://x/status')).toThrow(
        expect.objectContaining({ code: 'REZ_ERR_ENDPOINT_RESPONSE' }),
      );
    },
  );
});

describe('fetchStatus', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function answer(status: number, body: string): Promise<string> {
    server = createServer((request, response) => {
      response.statusCode = request.url === '/status' ? status : 404;
      response.end(body);
    });
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('returns the status and the body as it came', async () => {
    const body = JSON.stringify(healthy, null, 1);
    const address = await answer(200, body);
    expect(await fetchStatus(address)).toEqual({ status: healthy, body });
    expect((await fetchStatus(`http://${address}/`)).body).toBe(body);
  });

  it('names the URL and the answer of something else', async () => {
    await expect(fetchStatus(await answer(500, 'no'))).rejects.toMatchObject({
      code: 'REZ_ERR_ENDPOINT_RESPONSE',
      message: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/status answered 500$/),
    });
  });

  it('tells an address where nobody listens', async () => {
    const address = await answer(200, '');
    await new Promise((resolve) => server!.close(resolve));
    await expect(fetchStatus(address)).rejects.toMatchObject({ code: 'REZ_ERR_ENDPOINT_UNREACHABLE' });
    await expect(fetchStatus('ftp://x')).rejects.toMatchObject({ code: 'REZ_ERR_ENDPOINT_UNREACHABLE' });
  });
});
