import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Snapshot, silentLogger } from '@rezolus/core';
import {
  defaultOptions,
  type PrometheusOptions,
  RemoteWriteEncoder,
  snappyCompress,
} from '@rezolus/exposition';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { histogramOf, snapshotOf } from '../../exposition/test/prometheus/snapshots.ts';
import { DiskQueue } from '../src/push/disk-queue.ts';
import { Sender } from '../src/push/sender.ts';
import { exporterOf, metricsOf, until } from './exporters.ts';
import { FakeAgent } from './fake-agent.ts';
import { serversMissing, TimeSeriesServer } from './servers.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rezolus-push-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A snapshot with a counter at `step`, 6,000 others and a histogram that has counted 1000 as often. */
const snapshotAt = (step: number): Snapshot =>
  snapshotOf({
    counters: [
      { labels: { metric: 'steps', sampler: 's', name: 'a"b\\c\nd💥', Zone: 'z' }, value: BigInt(step) },
      ...Array.from({ length: 6000 }, (_, i) => ({
        labels: { metric: 'many', id: String(i) },
        value: BigInt(i),
      })),
    ],
    histograms: [{ labels: { metric: 'latency', sampler: 's' }, value: histogramOf(Array(step).fill(1000)) }],
  });

/** Steps: encodes a step after the other, a second of samples apart, without waiting. */
class Steps {
  readonly queue = new DiskQueue(folder, 2 ** 30);
  readonly #encoder: RemoteWriteEncoder;
  readonly #startMs = Date.now() - 60_000;
  #step = 0;

  constructor(options: Partial<PrometheusOptions>) {
    this.#encoder = new RemoteWriteEncoder('1.0', { ...defaultOptions, ...options }, { job: 'push' });
  }

  add(count: number): void {
    for (let i = 0; i < count; i++) {
      this.#step++;
      const timeMs = this.#startMs + 1000 * this.#step;
      const snapshot = { ...snapshotAt(this.#step), systemTimeNs: BigInt(timeMs) * 1_000_000n };
      for (const { samples, body } of this.#encoder.encode(snapshot, [], timeMs)) {
        this.queue.push({ samples, body: snappyCompress(body) });
      }
    }
  }
}

/** sending: a sender that empties the queue into a server until it is disposed. */
function sending(queue: DiskQueue, { url }: TimeSeriesServer) {
  const stop = new AbortController();
  const counts = { sent: 0, failed: 0 };
  const sender = new Sender(queue, {
    url: new URL('/api/v1/write', url),
    timeoutMs: 5000,
    log: silentLogger,
    headers: () => ({ 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' }),
    sent: (samples) => {
      counts.sent += samples;
    },
    failed: () => {
      counts.failed++;
    },
  });
  const running = sender.run(stop.signal);
  return {
    counts,
    sender,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

/** throughRestarts: 40 steps, with the server away in the middle and the sender begun anew. */
async function throughRestarts(server: TimeSeriesServer, options: Partial<PrometheusOptions>) {
  const steps = new Steps(options);
  {
    await using first = sending(steps.queue, server);
    steps.add(10);
    first.sender.wake();
    await until(() => first.counts.sent > 20_000);
    await server.stop();
    steps.add(10);
    first.sender.wake();
    await until(() => first.counts.failed > 1);
  }
  const again = new DiskQueue(folder, 2 ** 30);
  expect(again.length).toBeGreaterThanOrEqual(20);
  await using second = sending(again, server);
  await server.start();
  await until(() => again.length === 0, 20_000);
  expect(again.droppedSamples).toBe(0);
  expect(second.counts.sent).toBeGreaterThan(60_000);
}

const all = Array.from({ length: 20 }, (_, i) => String(i + 1));
const valuesOf = async (server: TimeSeriesServer, selector: string) =>
  (await server.values(selector)).map((series) => series.map(([, value]) => value));

const section = (url: string, more = '') =>
  `[remote_write]\nurl = "${url}/api/v1/write"\ninterval = "200ms"\nqueue_directory = "${folder}"\nlabels = { job = "push", instance = "i" }\n${more}`;

describe.skipIf(serversMissing)('remote write', () => {
  it('lands in Prometheus with native histograms; a restart of both sides loses nothing', async () => {
    await using prometheus = await TimeSeriesServer.prometheus('global: {}\n', [
      '--enable-feature=native-histograms',
    ]);
    await throughRestarts(prometheus, {});
    expect(await valuesOf(prometheus, 'steps_total{job="push"}[2m]')).toEqual([all]);
    expect(await prometheus.query('count(last_over_time(many_total[2m]))')).toMatchObject([{ value: 6000 }]);
    expect((await prometheus.query('last_over_time(steps_total[2m])'))[0]!.metric).toMatchObject({
      name: 'a"b\\c\nd💥',
      Zone: 'z',
      job: 'push',
    });
    const [quantile] = await prometheus.query('histogram_quantile(0.5, latency)');
    expect(Math.abs(quantile!.value / 1000 - 1)).toBeLessThan(0.1);
    expect(await prometheus.query('resets(latency[2m])')).toMatchObject([{ value: 0 }]);
  });

  it('lands in VictoriaMetrics with classic histograms; a restart of both sides loses nothing', async () => {
    await using victoria = await TimeSeriesServer.victoriaMetrics();
    await throughRestarts(victoria, { nativeHistograms: false, classicGroupingPower: 3 });
    await until(async () => (await valuesOf(victoria, 'steps_total[2m]'))[0]?.length === 20);
    expect(await valuesOf(victoria, 'steps_total[2m]')).toEqual([all]);
    const [quantile] = await victoria.query('histogram_quantile(0.5, last_over_time(latency_bucket[2m]))');
    expect(Math.abs(quantile!.value / 1000 - 1)).toBeLessThan(0.07);
    expect(await valuesOf(victoria, 'latency_count[2m]')).toEqual([all]);
  });

  it('ends series of an agent that goes away', async () => {
    await using prometheus = await TimeSeriesServer.prometheus('global: {}\n', [
      '--enable-feature=native-histograms',
    ]);
    await using agent = await FakeAgent.start(snapshotAt(1));
    await using _exporter = await exporterOf(agent.url, section(prometheus.url), '200ms');
    agent.snapshot = snapshotAt(2);
    await until(async () => (await prometheus.query('many_total')).length === 6000);
    agent.snapshot = null;
    await until(async () => (await prometheus.query('rezolus_exporter_agent_up == 0')).length === 1);
    await until(async () => (await prometheus.query('{__name__=~"many_total|latency"}')).length === 0);
  });
});

it('bounds its queue, counts what it gives up, and drops what is refused', async () => {
  let status = 503;
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(String(request.headers.authorization));
    request.resume().on('end', () => response.writeHead(status).end('no'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await using agent = await FakeAgent.start(snapshotAt(1));
  const limit = 'queue_limit = "200KB"\nusername = "u"\n';
  {
    await using exporter = await exporterOf(agent.url, section(url, limit), '100ms');
    const dropped = async () =>
      Number(/push_dropped_samples_total\S+ (\d+)/.exec(await metricsOf(exporter))?.[1] ?? 0);
    await until(async () => (await dropped()) > 6000);
    const text = await metricsOf(exporter);
    expect(Number(/push_queue_bytes\S+ (\d+)/.exec(text)![1])).toBeLessThanOrEqual(200 * 1024);
    status = 400;
    const before = await dropped();
    await until(async () => (await dropped()) > before + 20_000);
  }
  expect(seen[0]).toBe(`Basic ${Buffer.from('u:').toString('base64')}`);
  server.closeAllConnections();
  server.close();
});
