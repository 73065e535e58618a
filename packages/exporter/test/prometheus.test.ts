import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { histogramOf, snapshotOf } from '../../exposition/test/prometheus/snapshots.ts';
import { exporterOf, metricsOf, until } from './exporters.ts';
import { FakeAgent } from './fake-agent.ts';
import { scrapeConfig, serverPath, serversMissing, TimeSeriesServer } from './servers.ts';

/** Values of three shapes, as latencies have them. */
const shapes: Readonly<Record<string, readonly number[]>> = {
  smooth: Array.from({ length: 5000 }, (_, i) => Math.round(1000 * Math.exp(4 * ((i + 0.5) / 5000)))),
  'two peaks': [...Array(900).fill(2100), ...Array(100).fill(1_000_000)],
  small: Array.from({ length: 300 }, (_, i) => i % 12),
};

const sumOf = (shape: string) => shapes[shape]!.reduce((sum, value) => sum + value, 0);

const snapshot = (times: number) =>
  snapshotOf({
    counters: [
      {
        labels: { metric: 'events', sampler: 's', name: 'a"b\\c\nd}💥', unit: 'events' },
        value: BigInt(1000 * times),
      },
      { labels: { metric: 'большой', sampler: 's' }, value: 2n ** 60n },
      {
        labels: { metric: 'latency_sum', sampler: 's', shape: 'two peaks' },
        value: BigInt(times * sumOf('two peaks')),
      },
    ],
    gauges: [{ labels: { metric: 'memory_total', sampler: 's', unit: 'bytes' }, value: -7n }],
    histograms: Object.entries(shapes).map(([shape, values]) => ({
      labels: { metric: 'latency', sampler: 's', shape },
      value: histogramOf(Array(times).fill(values).flat()),
    })),
  });

const descriptions = { events: 'E', большой: 'B', memory_total: 'M', latency: 'L' };

const ours = (shape: string, quantile: number) => {
  const values = shapes[shape]!.toSorted((a, b) => a - b);
  return values[Math.max(1, Math.ceil(quantile * values.length)) - 1]!;
};

describe.skipIf(serversMissing)('a real Prometheus', () => {
  it.each([
    '',
    '[prometheus]\nhistograms = true\n',
    '[prometheus]\nhistograms = true\nhistogram_grouping_power = 0\nsummaries = false\n',
  ])('promtool has nothing to say: %j', async (toml) => {
    await using agent = await FakeAgent.start(snapshot(1), descriptions);
    await using exporter = await exporterOf(agent.url, toml);
    const text = await until(async () => {
      const answer = await metricsOf(exporter);
      return answer.includes('\nevents_total') ? answer : null;
    });
    expect(execFileSync(serverPath('promtool'), ['check', 'metrics'], { input: text }).toString()).toBe('');
  });

  it('takes native histograms over protobuf; its quantiles are ours within the documented error', async () => {
    await using agent = await FakeAgent.start(snapshot(1), descriptions);
    await using exporter = await exporterOf(agent.url);
    await using prometheus = await TimeSeriesServer.prometheus(scrapeConfig(exporter.address), [
      '--enable-feature=native-histograms',
    ]);
    const [latency] = await until(async () => {
      const found = await prometheus.query('latency{shape="two peaks"}');
      return found[0]?.histogram === undefined ? null : found;
    });
    expect(latency!.histogram!.count).toBe('1000');
    // Growing histograms must not look restarted.
    agent.snapshot = snapshot(3);
    await until(
      async () => (await prometheus.query('histogram_count(latency{shape="small"})'))[0]?.value === 900,
    );
    agent.snapshot = snapshot(4);
    await until(
      async () => (await prometheus.query('histogram_count(latency{shape="small"})'))[0]?.value === 1200,
    );
    expect(await prometheus.query('resets(latency{shape="small"}[1m])')).toMatchObject([{ value: 0 }]);
    // Counted where a sampler counts it, else estimated.
    const sums = await prometheus.query('histogram_sum(latency)');
    for (const { metric, value } of sums) {
      const truth = 4 * sumOf(metric.shape!);
      if (metric.shape === 'two peaks') expect(value).toBe(truth);
      else expect(Math.abs(value / truth - 1)).toBeLessThan(0.0625);
    }
    expect(sums).toHaveLength(3);
    for (const shape of Object.keys(shapes)) {
      for (const quantile of [0.5, 0.9, 0.99]) {
        const [theirs] = await prometheus.query(`histogram_quantile(${quantile}, latency{shape="${shape}"})`);
        const truth = ours(shape, quantile);
        // Prometheus draws the first bucket from 0 and interpolates within it.
        expect(theirs!.value).toBeGreaterThanOrEqual(truth * (1 - 0.136) - 1e-9);
        expect(theirs!.value).toBeLessThanOrEqual(truth * 1.189 + 1e-9);
        if (shape === 'smooth') expect(Math.abs(theirs!.value / truth - 1)).toBeLessThan(0.03);
      }
    }
    const [event] = await prometheus.query('events_total');
    expect(event).toMatchObject({ metric: { name: 'a"b\\c\nd}💥', sampler: 's' }, value: 4000 });
    expect(await prometheus.query('memory_total_bytes')).toMatchObject([{ value: -7 }]);
    expect(await prometheus.query('________total')).toMatchObject([{ value: 2 ** 60 }]);
    expect(await prometheus.query('rezolus_exporter_scrapes_total{format="protobuf"} > 0')).toHaveLength(1);
    expect(await prometheus.query('{__name__=~"latency_.*"}')).toEqual([]);
    expect(await prometheus.query('rezolus_exporter_poll_duration_seconds_bucket')).not.toEqual([]);
  });

  it('takes OpenMetrics, and sees series end when the agent goes', async () => {
    await using agent = await FakeAgent.start(snapshot(1), descriptions);
    await using exporter = await exporterOf(agent.url, '[prometheus]\nhistograms = true\n');
    await using prometheus = await TimeSeriesServer.prometheus(scrapeConfig(exporter.address));
    await until(async () => (await prometheus.query('events_total')).length === 1);
    agent.snapshot = snapshot(2);
    await until(async () => (await prometheus.query('events_total == 2000')).length === 1);
    for (const quantile of [0.5, 0.9, 0.99]) {
      const [theirs] = await prometheus.query(
        `histogram_quantile(${quantile}, latency_bucket{shape="smooth"})`,
      );
      expect(Math.abs(theirs!.value / ours('smooth', quantile) - 1)).toBeLessThan(0.02);
    }
    expect(
      (await prometheus.query('latency_recent{quantile="0.5",shape="smooth"}'))[0]!.value,
    ).toBeGreaterThan(7000);
    agent.snapshot = null;
    await until(async () => (await prometheus.query('rezolus_exporter_agent_up == 0')).length === 1);
    expect(await prometheus.query('events_total')).toEqual([]);
    expect(await prometheus.query('up == 1')).toHaveLength(1);
    expect(await prometheus.query('scrape_samples_scraped > 0')).toHaveLength(1);
  });
});
