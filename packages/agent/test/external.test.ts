import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, linkSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { parseConfig } from '@rezolus/core/config';
import { decodeSnapshot, parseExposition } from '@rezolus/exposition';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { TemporaryFolder } from '../../../tests/support/rezolus.ts';
import { agentConfigSchema } from '../src/config-file.ts';
import type { PushedMetric } from '../src/external/message.ts';
import { MetricStore } from '../src/external/store.ts';
import { type Agent, startAgent } from '../src/index.ts';
import { definition, noBpf, registryOf } from './fakes.ts';
import { binaryFrame, closed, message, openClient, push } from './push.ts';

const start = async (folder: TemporaryFolder, section = '', rest = '') => {
  const path = `${folder.path}/run/external.sock`;
  const external = `[external_metrics]\nenabled = true\nsocket_path = "${path}"\n${section}\n`;
  const toml = `[general]\nlisten = "127.0.0.1:0"\nttl = "0s"\n${external}${rest}`;
  const agent = await startAgent({
    config: parseConfig(toml, 'agent.toml', agentConfigSchema([])),
    registry: registryOf(definition('one')),
    bpf: noBpf,
    logger: pino({ level: 'silent' }),
  });
  return { agent, path };
};

const snapshotOf = async ({ address }: Agent) =>
  decodeSnapshot(await (await fetch(`${address}/metrics/binary`)).bytes());
const groupOf = async (agent: Agent) =>
  (await snapshotOf(agent)).groups.find(({ name }) => name === 'external/main');
const statusOf = (agent: Agent) => agent.status().samplers.find(({ name }) => name === 'external')!;

/** A program: a hundred clients that write to the socket without an end. */
const flood = `
  const lines = Buffer.from('flood{a="b"} counter:1\\n'.repeat(2000));
  for (let i = 0; i < 100; i++) {
    const socket = require('node:net').connect(process.argv[1]);
    const write = () => { while (!socket.destroyed && socket.write(lines)); };
    socket.on('drain', write).on('error', () => {}).on('connect', write);
  }`;

/** until: polls a condition. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(setImmediate);
}

describe('[external_metrics]', () => {
  it('serves what both protocols push as the original does', async () => {
    using folder = new TemporaryFolder();
    const { agent, path } = await start(folder);
    await using _ = agent;
    await push(
      path,
      '# SESSION app="shop",k="mine"\nrequests{k="v"} counter:7\nlevel gauge:-5\n\n# nothing\nrequests{k="v"} counter:9',
    );
    await push(
      path,
      binaryFrame([
        message.session({ app: 'bin' }),
        message.counter('requests', 2n ** 64n - 1n),
        message.histogram('sizes', 0, 2, [0n, 1n, 0n]),
      ]),
    );
    const group = (await groupOf(agent))!;
    expect(group.window).toBeNull();
    expect([...group.counters].sort()).toEqual([2n ** 64n - 1n, 9n].sort());
    expect([...group.gauges]).toEqual([-5n]);
    expect(group.histograms).toMatchObject([{ config: { groupingPower: 0, maxValuePower: 2 } }]);
    expect([...group.histograms[0]!.buckets]).toEqual([0n, 1n, 0n]);
    const { counters, gauges, histograms } = group.schema!;
    const at = [...group.counters].indexOf(9n);
    expect(counters[at]!.labels).toEqual({ app: 'shop', k: 'v', metric: 'requests', source: 'external' });
    expect(counters[at]!.name).toMatch(/^external\/requests#[0-9a-f]{16}$/);
    expect(gauges[0]!.labels).toEqual({ app: 'shop', k: 'mine', metric: 'level', source: 'external' });
    expect(histograms[0]!.labels).toEqual({
      app: 'bin',
      grouping_power: '0',
      max_value_power: '2',
      metric: 'sizes',
      source: 'external',
    });
    expect(statusOf(agent)).toMatchObject({
      state: 'active',
      health: 'healthy',
      route: `unix:${path}`,
      drops: {},
    });
  });

  it('reaches Prometheus', async () => {
    using folder = new TemporaryFolder();
    const { agent, path } = await start(folder, '', '[prometheus]\nlisten = "127.0.0.1:0"\n');
    await using _ = agent;
    await push(path, 'requests{path="/a\\"b"} counter:7\n');
    const response = await fetch(`${agent.metricsAddress}/metrics`, {
      headers: { accept: 'application/openmetrics-text;version=1.0.0' },
    });
    const families = parseExposition(await response.text(), 'openmetrics');
    expect(families.find(({ name }) => name === 'requests')!.samples).toMatchObject([
      { labels: { path: '/a"b', source: 'external' }, value: 7 },
    ]);
  });

  it('takes no name of a sampler and no label that says who measured', async () => {
    using folder = new TemporaryFolder();
    const { agent, path } = await start(folder);
    await using _ = agent;
    await push(path, 'one_total counter:666\none_total_count gauge:1\nb{metric="one_total"} counter:1\n');
    await push(path, 'c{source="x"} counter:1\nc{sampler="one"} counter:1\nok{__proto__="x"} counter:1\n');
    const { groups } = await snapshotOf(agent);
    expect(groups[0]!.name).toBe('external/main');
    expect(groups[0]!.schema!.counters.map(({ labels }) => labels.metric)).toEqual(['ok']);
    expect(statusOf(agent).drops).toEqual({ name_taken: 2, invalid_labels: 3 });
  });

  it('serves others while clients are silent, half open, slow or endless', async () => {
    using folder = new TemporaryFolder();
    const { agent, path } = await start(folder);
    await using _ = agent;
    const silent = await Promise.all(Array.from({ length: 50 }, () => openClient(path)));
    const slow = await Promise.all(['R', 'REZL\x01', 'requ', 'x{a="'].map(() => openClient(path)));
    for (const [i, socket] of slow.entries()) socket.write(['R', 'REZL\x01', 'requ', 'x{a="'][i]!);
    const endless = await openClient(path);
    const lines = Buffer.from('flood{a="b"} counter:1\n'.repeat(2000));
    const flood = () => {
      while (!endless.destroyed && endless.write(lines));
    };
    endless.on('drain', flood);
    flood();
    const garbage = await openClient(path);
    garbage.write(Buffer.alloc(1_000_000, 'a'));
    await closed(garbage);
    await push(path, 'good counter:1\n');
    await until(async () => (await groupOf(agent))?.counters.length === 2);
    expect(statusOf(agent).drops).toEqual({ too_long: 1 });
    for (const socket of [...silent, ...slow, endless]) socket.destroy();
  });

  it('keeps most of its time to itself while a hundred clients flood it', async () => {
    using folder = new TemporaryFolder();
    const { agent, path } = await start(folder);
    await using _ = agent;
    const flooders = spawn(process.execPath, ['-e', flood, path], { stdio: 'ignore' });
    await until(async () => (await groupOf(agent)) !== undefined);
    const before = performance.eventLoopUtilization();
    await setTimeout(1000);
    expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.5);
    flooders.kill();
    await once(flooders, 'exit');
    // What they had sent is looked at in its turn, and somebody who comes now as well.
    await push(path, 'good counter:1\n');
    await until(async () => (await groupOf(agent))?.counters.length === 2);
  });

  it('takes all of a push whose client ended long before its turn', async () => {
    using folder = new TemporaryFolder();
    const { agent, path } = await start(folder);
    await using _ = agent;
    const lines = Array.from({ length: 5000 }, (_, i) => `many_${i} counter:${i}\n`).join('');
    await push(path, lines);
    await until(async () => (await groupOf(agent))?.counters.length === 5000);
  });

  it('closes a connection after 100 messages that are none, and counts each', async () => {
    using folder = new TemporaryFolder();
    const { agent, path } = await start(folder);
    await using _ = agent;
    await push(path, `${'nonsense\n'.repeat(99)}first counter:1\n`);
    await push(path, `${'nonsense\n'.repeat(100)}second counter:1\n`);
    const names = (await groupOf(agent))!.schema!.counters.map(({ labels }) => labels.metric);
    expect(names).toEqual(['first']);
    expect(statusOf(agent).drops).toEqual({ malformed: 199 });
  });

  it('keeps to the limits on connections and metrics', async () => {
    using folder = new TemporaryFolder();
    const { agent, path } = await start(
      folder,
      'max_connections = 3\nmax_metrics = 5\nmax_metrics_per_connection = 3',
    );
    await using _ = agent;
    await push(path, Array.from({ length: 4 }, (_, i) => `a${i} counter:1\n`).join(''));
    await push(path, Array.from({ length: 3 }, (_, i) => `b${i} counter:1\n`).join(''));
    // One that is there already may be pushed all the same.
    await push(path, 'a0 counter:2\n');
    const group = (await groupOf(agent))!;
    expect(group.schema!.counters.map(({ labels }) => labels.metric)).toEqual(['a0', 'a1', 'a2', 'b0', 'b1']);
    expect([...group.counters]).toEqual([2n, 1n, 1n, 1n, 1n]);
    const clients = [await openClient(path), await openClient(path), await openClient(path)];
    const refused = await openClient(path);
    await closed(refused);
    expect(statusOf(agent).drops).toEqual({
      max_metrics_per_connection: 1,
      max_metrics: 1,
      max_connections: 1,
    });
    for (const socket of clients) socket.destroy();
  });

  it('has a socket with mode and group, replaces a stale one and removes it at the end', async () => {
    using folder = new TemporaryFolder();
    const path = `${folder.path}/run/external.sock`;
    const first = await start(folder, 'socket_mode = 0o606\nsocket_group = "1"');
    expect(statSync(path).mode & 0o777).toBe(0o606);
    if (process.geteuid!() === 0) expect(statSync(path).gid).toBe(1);
    await using second = (await start(folder)).agent;
    expect(statusOf(second)).toMatchObject({ state: 'failed', code: 'REZ_ERR_LISTEN' });
    await push(path, 'still counter:1\n');
    await first.agent.close();
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, 'precious');
    await using third = (await start(folder)).agent;
    expect(statusOf(third).state).toBe('failed');
    expect(statSync(path).size).toBe(8);
  });

  it('takes the place of a socket that nobody listens on', async () => {
    using folder = new TemporaryFolder();
    mkdirSync(`${folder.path}/run`);
    const first = createServer().listen(`${folder.path}/first.sock`);
    await once(first, 'listening');
    // What a killed process leaves: the file, without a listener.
    linkSync(`${folder.path}/first.sock`, `${folder.path}/run/external.sock`);
    first.close();
    await once(first, 'close');
    const { agent } = await start(folder);
    await using _ = agent;
    expect(statusOf(agent).state).toBe('active');
  });

  it('starts and stops with the configuration', async () => {
    using folder = new TemporaryFolder();
    const { agent, path } = await start(folder);
    await using _ = agent;
    const config = parseConfig('', 'agent.toml', agentConfigSchema([]));
    await agent.reload(async () => ({ config, plugins: { builtIn: [], contained: [], refusals: [] } }));
    expect(agent.status().samplers.map(({ name }) => name)).not.toContain('external');
    expect(existsSync(path)).toBe(false);
  });
});

describe('MetricStore', () => {
  const limits = { ttlMs: 1000, maxMetrics: 1000, maxMetricsPerConnection: 1000, maxBytes: 1000 };
  const gauge = (name: string, value = 1n): PushedMetric => ({
    kind: 'gauge',
    name,
    labels: new Map(),
    value,
  });

  it('forgets what is not pushed again in time, and has room for others then', () => {
    let now = 0;
    const owner = { series: 0 };
    const store = new MetricStore(
      { ...limits, maxMetrics: 2 },
      () => false,
      () => now,
    );
    store.put(owner, gauge('a'));
    now = 600;
    store.put(owner, gauge('b'));
    now = 1001;
    expect(store.group().gauges.length).toBe(2);
    store.expire();
    expect(store.group().schema.gauges.map(({ labels }) => labels.metric)).toEqual(['b']);
    now = 5000;
    // Nobody reads: a full store looks for itself.
    store.put(owner, gauge('c'));
    store.put(owner, gauge('d'));
    expect(store.group().schema.gauges.map(({ labels }) => labels.metric)).toEqual(['c', 'd']);
    expect(owner.series).toBe(2);
  });

  it('keeps to its bytes, and its schema while series are the same', () => {
    const store = new MetricStore(
      limits,
      () => false,
      () => 0,
    );
    const owner = { series: 0 };
    store.put(owner, gauge('a'));
    const { schema } = store.group();
    store.put(owner, gauge('a', 2n));
    expect(store.group().schema).toBe(schema);
    expect(store.group().gauges[0]).toBe(2n);
    const fill = () => {
      for (let i = 0; i < 1000; i++) store.put(owner, gauge(`metric_${i}`));
    };
    expect(fill).toThrow(expect.objectContaining({ reason: 'max_bytes' }));
    expect(store.group().gauges.length).toBeLessThan(10);
    store.put(owner, { kind: 'counter', name: 'a', labels: new Map(), value: 1n });
    expect(store.group().counters.length).toBe(1);
  });
});
