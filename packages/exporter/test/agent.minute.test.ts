import { execFile, execFileSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { bucketLower, bucketUpper, type HistogramValue, type Snapshot } from '@rezolus/core';
import { decodeSnapshot } from '@rezolus/exposition';
import { expect, it } from 'vitest';
import { freePort, Rezolus, startAgent, TemporaryFolder } from '../../../tests/support/rezolus.ts';
import { until } from './exporters.ts';
import { scrapeConfig, serverPath, serversMissing, TimeSeriesServer } from './servers.ts';

const run = promisify(execFile);

/** The load lasts a minute: about so many bursts of so many reads and as many writes. */
const seconds = 60;
const callsPerBurst = 10_000;
/** Other kernels may be emulated on the same CPUs meanwhile. */
const patienceMs = 60_000;

const keyOf = (name: string, labels: Readonly<Record<string, string>>) =>
  JSON.stringify([name, ...Object.entries(labels).sort()]);

/** countersOf: what an agent counts, by name and labels as they are in Prometheus. */
function countersOf(snapshot: Snapshot): Map<string, bigint> {
  const values = new Map<string, bigint>();
  for (const { schema, counters, countersPresent } of snapshot.groups) {
    schema?.counters.forEach(({ labels: { metric, unit: _, ...labels } }, i) => {
      if (countersPresent === null || countersPresent[i] === 1)
        values.set(keyOf(`${metric}_total`, labels), counters[i]!);
    });
  }
  return values;
}

function latencyOf(snapshot: Snapshot, op: string): HistogramValue {
  for (const { schema, histograms } of snapshot.groups) {
    const i =
      schema?.histograms.findIndex(({ labels }) => labels.metric === 'syscall_latency' && labels.op === op) ??
      -1;
    if (i >= 0) return histograms[i]!;
  }
  throw new Error('the agent has no syscall_latency');
}

/** difference: what was counted between two readings. */
const difference = ({ buckets, config }: HistogramValue, before: HistogramValue): HistogramValue => ({
  config,
  buckets: buckets.map((count, i) => count - before.buckets[i]!),
});

/** bucketOf: smallest and largest value of the bucket with that rank. */
function bucketOf({ buckets, config }: HistogramValue, quantile: number): { lower: number; upper: number } {
  const total = buckets.reduce((sum, count) => sum + Number(count), 0);
  let cumulative = 0;
  for (let i = 0; i < buckets.length; i++) {
    cumulative += Number(buckets[i]);
    if (cumulative >= Math.ceil(quantile * total)) {
      return { lower: Number(bucketLower(i, config)), upper: Number(bucketUpper(i, config)) };
    }
  }
  throw new Error('an empty histogram');
}

/** burst: reads and writes whose number is known. */
const burst = () =>
  run('dd', ['if=/dev/zero', 'of=/dev/null', 'bs=1', `count=${callsPerBurst}`, 'status=none']);

it.skipIf(serversMissing)(
  'a real Prometheus has the values of a real agent after a minute of known load',
  async () => {
    using folder = new TemporaryFolder();
    const [port, embedded] = [await freePort(), await freePort()];
    const { agent, url } = await startAgent(folder, `[prometheus]\nlisten = "127.0.0.1:${embedded}"\n`);
    await using _agent = agent;
    const config = folder.file(
      'exporter.toml',
      `[general]\nlisten = "127.0.0.1:${port}"\nsource = "${url}"\ninterval = "1s"\n`,
    );
    await using exporter = new Rezolus(['exporter', config]);
    await exporter.printed(/"address":"http/);
    // One beside the agent and one in it.
    const instances = [`127.0.0.1:${port}`, `127.0.0.1:${embedded}`];
    await using prometheus = await TimeSeriesServer.prometheus(scrapeConfig(instances), [
      '--enable-feature=native-histograms',
    ]);
    const snapshot = async () => decodeSnapshot(await (await fetch(`${url}/metrics/binary`)).bytes());
    /** Prometheus' newest values, of a poll that began after this was called. */
    const scraped = async () => {
      const from = Date.now() / 1000;
      const read = 'rezolus_exporter_snapshot_timestamp_seconds';
      await until(
        async () => (await prometheus.query(`${read} > ${from}`)).length === instances.length,
        patienceMs,
      );
      return prometheus.query('{job="rezolus"}');
    };

    for (const instance of instances) {
      const text = await (await fetch(`http://${instance}/metrics`)).text();
      expect(execFileSync(serverPath('promtool'), ['check', 'metrics'], { input: text }).toString()).toBe('');
    }

    const idle = await scraped();
    const before = await snapshot();
    let calls = 0;
    const endMs = performance.now() + seconds * 1000;
    while (performance.now() < endMs) {
      await burst();
      calls += callsPerBurst;
      // A pace, not a wait for something: the minute is meant to have load in all its parts.
      await setTimeout(500);
    }
    const during = await snapshot();
    const loaded = await scraped();
    const answerTo = async (query: string) => (await prometheus.query(query))[0]!.value;
    const answers = await Promise.all(
      instances
        .flatMap((instance) => [
          { instance, op: 'read' },
          { instance, op: 'write' },
        ])
        .map(async ({ instance, op }) => {
          const latency = `syscall_latency{op="${op}",instance="${instance}"}`;
          return {
            instance,
            op,
            sum: await answerTo(`histogram_sum(${latency})`),
            p50: await answerTo(`histogram_quantile(0.5, ${latency})`),
            p90: await answerTo(`histogram_quantile(0.9, ${latency})`),
            ofMinute: await answerTo(`histogram_quantile(0.5, rate(${latency}[1m]))`),
          };
        }),
    );
    const after = await snapshot();

    const lower = countersOf(during);
    const upper = countersOf(after);
    const compared = new Map(instances.map((instance) => [instance, 0]));
    for (const { metric, value } of loaded) {
      const { __name__: name, job: _, instance, ...labels } = metric;
      const low = lower.get(keyOf(name!, labels));
      const high = upper.get(keyOf(name!, labels));
      if (low === undefined || high === undefined || low > high) continue;
      expect(value, JSON.stringify(metric)).toBeGreaterThanOrEqual(Number(low));
      expect(value, JSON.stringify(metric)).toBeLessThanOrEqual(Number(high));
      compared.set(instance!, compared.get(instance!)! + 1);
    }
    for (const count of compared.values()) expect(count).toBeGreaterThan(100);

    for (const { instance, op, sum, p50, p90, ofMinute } of answers) {
      const of = (samples: typeof idle) =>
        samples.find(
          ({ metric }) =>
            metric.__name__ === 'syscall_total' && metric.op === op && metric.instance === instance,
        )!.value;
      const key = keyOf('syscall_total', { op, sampler: 'syscall_counts' });
      expect(of(loaded) - of(idle)).toBeGreaterThanOrEqual(calls);
      expect(Number(upper.get(key)! - countersOf(before).get(key)!)).toBeGreaterThanOrEqual(calls);
      // Counted in the kernel: exact, within the histogram and no series of its own.
      const counted = keyOf('syscall_latency_sum_total', { op, sampler: 'syscall_latency' });
      expect(sum).toBeGreaterThanOrEqual(Number(lower.get(counted)));
      expect(sum).toBeLessThanOrEqual(Number(upper.get(counted)));
      for (const [quantile, theirs] of [
        [0.5, p50],
        [0.9, p90],
      ] as const) {
        const bounds = [bucketOf(latencyOf(during, op), quantile), bucketOf(latencyOf(after, op), quantile)];
        console.info(
          `${op} p${100 * quantile}: agent ${JSON.stringify(bounds[1])} ns, Prometheus ${theirs.toFixed(0)} ns`,
        );
        expect(theirs).toBeGreaterThanOrEqual(Math.min(...bounds.map(({ upper }) => upper)) * (1 - 0.136));
        expect(theirs).toBeLessThanOrEqual(Math.max(...bounds.map(({ lower }) => lower)) * 1.189);
      }
      // Of the minute alone: Prometheus' window is not quite ours, so the median may be in the next bucket.
      const median = bucketOf(difference(latencyOf(during, op), latencyOf(before, op)), 0.5);
      console.info(
        `${op} p50 of the minute: agent ${JSON.stringify(median)} ns, Prometheus ${ofMinute.toFixed(0)} ns`,
      );
      expect(ofMinute).toBeGreaterThanOrEqual(median.lower * (1 - 0.136) * (1 - 0.125));
      expect(ofMinute).toBeLessThanOrEqual(median.upper * 1.189 * 1.125);
    }
    expect(loaded.filter(({ metric }) => metric.__name__!.startsWith('syscall_latency_'))).toEqual([]);
    console.info(`${calls} calls, ${[...compared.values()]} counters agree`);
  },
);
