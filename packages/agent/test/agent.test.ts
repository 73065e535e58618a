import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type SamplerRegistry, type SnapshotGroup, UnsupportedError } from '@rezolus/core';
import { parseConfig } from '@rezolus/core/config';
import { decodeSnapshot } from '@rezolus/exposition';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { agentConfigSchema, readAgentConfig } from '../src/config-file.ts';
import { type Agent, startAgent } from '../src/index.ts';
import { definition, noBpf, recording, recordingsMissing, registryOf } from './fakes.ts';

const config = parseConfig('[general]\nlisten = "127.0.0.1:0"', '', agentConfigSchema([]));
const logged: { level: number; sampler?: string; msg: string }[] = [];
const logger = pino(
  new Writable({
    write(line, _, done) {
      logged.push(JSON.parse(String(line)));
      done();
    },
  }),
);
const agents: Agent[] = [];
afterEach(async () => {
  logged.length = 0;
  for (const agent of agents.splice(0)) await agent.close();
});

async function start(registry: SamplerRegistry, overrides: object = {}): Promise<Agent> {
  const agent = await startAgent({ config, registry, bpf: noBpf, logger, ...overrides });
  agents.push(agent);
  return agent;
}

async function groups(agent: Agent): Promise<readonly SnapshotGroup[]> {
  const answer = await fetch(`${agent.address}/metrics/binary`);
  return decodeSnapshot(await answer.bytes()).groups;
}

describe('startAgent', () => {
  it('serves what samplers count', async () => {
    const agent = await start(registryOf(definition('one'), definition('another')));
    expect((await groups(agent)).map(({ name }) => name)).toEqual([
      'another/main',
      'one/main',
      'rezolus_overhead/refreshes',
      'rezolus_rusage/main',
    ]);
    const descriptions = await (await fetch(`${agent.address}/metrics/descriptions`)).json();
    expect(descriptions).toMatchObject({ one_total: 'refreshes of one' });
  });

  it('keeps a failing sampler out of the snapshot and in the status', async () => {
    const agent = await start(
      registryOf(
        definition('bad_refresh', (_, sampler) => ({
          ...sampler,
          refresh: () => {
            throw new Error('disk on fire');
          },
        })),
        definition('bad_start', () => {
          throw new Error('no luck');
        }),
        definition('not_here', () => {
          throw new UnsupportedError('pmu', 'no PMU on this machine');
        }),
        definition('good'),
      ),
    );
    expect((await groups(agent)).map(({ name }) => name)).toEqual([
      'good/main',
      'rezolus_overhead/refreshes',
      'rezolus_rusage/main',
    ]);
    expect(agent.status().samplers).toMatchObject([
      { name: 'bad_refresh', state: 'failed', error: 'disk on fire' },
      { name: 'bad_start', state: 'failed', error: 'no luck', code: 'REZ_ERR_SAMPLER_START' },
      { name: 'good', state: 'active', health: 'healthy' },
      { name: 'not_here', state: 'disabled', health: 'unsupported' },
      { name: 'rezolus_overhead', state: 'active', health: 'healthy' },
      { name: 'rezolus_rusage', state: 'active', health: 'healthy' },
    ]);
    expect(await (await fetch(`${agent.address}/samplers`)).json()).toHaveLength(6);
  });

  it('logs the counts once and each sampler that lacks something once', async () => {
    const program = { name: 'p', attached: false, intent: { type: 'required' }, expected: true } as const;
    await start(
      registryOf(
        definition('half', (_, sampler) => ({
          ...sampler,
          report: () => ({ route: 'kprobe', programs: [{ ...program, error: 'EIO', verdict: 'broken' }] }),
        })),
        definition('bad_start', () => {
          throw new Error('no luck');
        }),
      ),
    );
    const warnings = logged.filter(({ level }) => level > 30);
    expect(warnings.map(({ sampler, msg }) => [sampler, msg])).toEqual([
      ['bad_start', 'did not start: no luck'],
      ['half', 'half is degraded: p: EIO'],
    ]);
    expect(logged.find(({ level }) => level === 30)?.msg).toBe(
      'listening; 2 healthy, 0 unsupported, 1 degraded, 1 failed',
    );
  });

  it('reads its file, and starts only what that enables', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rezolus-agent-'));
    try {
      const path = join(folder, 'agent.toml');
      writeFileSync(
        path,
        '[general]\nlisten = "127.0.0.1:0"\nttl = "2s"\nsnapshot_format = "v2"\n[defaults]\nenabled = false\n[samplers.rezolus_rusage]\nenabled = true\n',
      );
      const fromFile = await readAgentConfig(path, { builtIn: [], contained: [], refusals: [] });
      const agent = await start(registryOf(definition('one')), { config: fromFile });
      expect((await groups(agent)).map(({ name }) => name)).toEqual(['rezolus_rusage/main']);
      expect(agent.status()).toMatchObject({
        ttl_seconds: 2,
        ttl_ms: 2000,
        samplers: [
          { name: 'one', state: 'disabled' },
          { name: 'rezolus_overhead', state: 'disabled' },
          { name: 'rezolus_rusage', state: 'active' },
        ],
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('disposes samplers when it is closed, and once', async () => {
    let disposed = 0;
    const sampler = definition('one', (_, counting) => ({
      ...counting,
      [Symbol.asyncDispose]: async () => {
        disposed++;
      },
    }));
    const agent = await start(registryOf(sampler));
    await fetch(agent.address);
    await agent.close();
    await agent.close();
    expect(disposed).toBe(1);
    await expect(fetch(agent.address)).rejects.toThrow();
  });

  it('names the address that is taken, and lets go of the samplers', async () => {
    const first = await start(registryOf());
    let disposed = false;
    const sampler = definition('one', (_, counting) => ({
      ...counting,
      [Symbol.asyncDispose]: async () => {
        disposed = true;
      },
    }));
    const listen = { host: '127.0.0.1', port: Number(new URL(first.address).port) };
    const taken = { ...config, general: { ...config.general, listen } };
    await expect(start(registryOf(sampler), { config: taken })).rejects.toMatchObject({
      code: 'REZ_ERR_LISTEN',
      message: `cannot listen on 127.0.0.1:${listen.port}`,
      cause: expect.objectContaining({ code: 'EADDRINUSE' }),
    });
    expect(disposed).toBe(true);
  });
});

describe('rezolus_rusage', () => {
  it('reports this process as the kernel sees it', async () => {
    const agent = await start(registryOf());
    const before = process.resourceUsage();
    const group = (await groups(agent)).find(({ name }) => name === 'rezolus_rusage/main')!;
    const after = process.resourceUsage();
    const [user, system] = group.counters;
    expect(Number(user)).toBeGreaterThanOrEqual(before.userCPUTime * 1000);
    expect(Number(user)).toBeLessThanOrEqual(after.userCPUTime * 1000);
    expect(Number(system)).toBeLessThanOrEqual(after.systemCPUTime * 1000);
    const rss = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024;
    expect(Math.abs(Number(group.gauges[0]) - rss)).toBeLessThan(rss * 0.2);
  });

  it.skipIf(recordingsMissing)('has the series of the original', async () => {
    const agent = await start(registryOf());
    const { schema } = (await groups(agent)).find(({ name }) => name === 'rezolus_rusage/main')!;
    const original = JSON.parse(recording('snapshot-v3.json')).groups.find(
      ({ name }: { name: string }) => name === 'rezolus_rusage/main',
    ).schema;
    const sorted = (labels: object[]) =>
      labels.map((each) => JSON.stringify(Object.entries(each).sort())).sort();
    for (const kind of ['counters', 'gauges', 'histograms'] as const) {
      expect(sorted(schema![kind].map(({ labels }) => labels))).toEqual(
        sorted(original[kind].map(({ metadata }: { metadata: object }) => metadata)),
      );
    }
  });
});
