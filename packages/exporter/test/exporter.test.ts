import { decodeSnapshot, parseExposition } from '@rezolus/exposition';
import { describe, expect, it } from 'vitest';
import { histogramOf, snapshotOf } from '../../exposition/test/prometheus/snapshots.ts';
import { exporterOf, metricsOf, until } from './exporters.ts';
import { FakeAgent } from './fake-agent.ts';

const labels = { metric: 'latency', sampler: 's', unit: 'nanoseconds' };
const snapshotAt = (...values: readonly number[]) =>
  snapshotOf({
    counters: [{ labels: { metric: 'events', sampler: 's' }, value: BigInt(values.length) }],
    histograms: [{ labels, value: histogramOf(values) }],
  });

describe('the exporter', () => {
  it('serves what the agent says, in the format asked for, compressed', async () => {
    await using agent = await FakeAgent.start(snapshotAt(1, 2, 3), { events: 'What happened' });
    await using exporter = await exporterOf(agent.url);
    const text = await until(async () =>
      /^events_total.*$/m.test(await metricsOf(exporter)) ? metricsOf(exporter) : null,
    );
    expect(text).toContain(
      '# HELP events_total What happened\n# TYPE events_total counter\nevents_total{sampler="s"} 3\n',
    );
    expect(text).toContain('rezolus_exporter_agent_up 1\n');
    const accept = 'application/openmetrics-text;version=1.0.0';
    const response = await fetch(`${exporter.address}/metrics`, {
      headers: { accept, 'accept-encoding': 'gzip' },
    });
    expect(response.headers.get('content-type')).toMatch(/^application\/openmetrics-text; version=1.0.0/);
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(() => parseExposition('', 'openmetrics')).toThrow();
    expect(parseExposition(await response.text(), 'openmetrics').map(({ name }) => name)).toContain('events');
    const banner = await (await fetch(exporter.address)).text();
    expect(banner).toMatch(/^Rezolus \S+ Exporter\n/);
    const binary = await (await fetch(`${exporter.address}/metrics/binary`)).bytes();
    expect(decodeSnapshot(binary).groups).toHaveLength(1);
  });

  it('ends all series of an agent that is away or broken, and has them again afterwards', async () => {
    await using agent = await FakeAgent.start(snapshotAt(1));
    await using exporter = await exporterOf(agent.url);
    const present = () => until(async () => (await metricsOf(exporter)).includes('\nevents_total'));
    await present();
    agent.snapshot = null;
    const away = await until(async () => {
      const text = await metricsOf(exporter);
      return text.includes('rezolus_exporter_agent_up 0\n') ? text : null;
    });
    expect(away).not.toMatch(/^(?:events|latency)/m);
    expect(away).not.toContain('snapshot_timestamp_seconds');
    expect((await fetch(`${exporter.address}/metrics/binary`)).status).toBe(503);
    expect((await fetch(`${exporter.address}/metrics/json`)).status).toBe(503);
    agent.snapshot = snapshotAt(1, 2);
    await present();
    expect(await metricsOf(exporter)).toContain('polls_total{result="invalid"}');
  });

  it('gives each scraper the quantiles since its own last scrape', async () => {
    await using agent = await FakeAgent.start(snapshotAt(10, 10));
    await using exporter = await exporterOf(agent.url);
    const scrape = async (who: string) =>
      /^latency_recent\{.*quantile="0.5"\} (\d+)/m.exec(
        await metricsOf(exporter, { 'user-agent': who }),
      )?.[1];
    const next = async (...values: readonly number[]) => {
      agent.snapshot = snapshotAt(...values);
      await until(async () =>
        (await metricsOf(exporter, { 'user-agent': 'watcher' })).includes(
          `events_total{sampler="s"} ${values.length}\n`,
        ),
      );
    };
    await next(10, 10);
    expect(await scrape('slow')).toBeUndefined();
    await next(10, 10, 4, 4, 4);
    await scrape('fast');
    await next(10, 10, 4, 4, 4, 9);
    expect(await scrape('fast')).toBe('9');
    expect(await scrape('slow')).toBe('4');
    expect(await scrape('slow')).toBe('4');
  });

  it('refuses foreign hosts, unknown paths and long headers', async () => {
    await using agent = await FakeAgent.start(snapshotAt(1));
    await using exporter = await exporterOf(agent.url, '');
    const status = async (path: string, headers = {}) => {
      const { request } = await import('node:http');
      return new Promise<number>((resolve, reject) => {
        request(exporter.address + path, { headers }, (response) => {
          response.resume();
          resolve(response.statusCode!);
        })
          .on('error', reject)
          .end();
      });
    };
    expect(await status('/metrics', { host: 'evil.example' })).toBe(421);
    expect(await status('/metrics', { host: 'localhost:1' })).toBe(200);
    expect(await status('/nothing')).toBe(404);
    expect(await status('/%ff')).toBe(400);
    expect(await status('/metrics', { 'x-long': 'a'.repeat(20_000) })).toBe(431);
  });

  it('keeps selectors, limits and compatibility of the configuration', async () => {
    await using agent = await FakeAgent.start(
      snapshotOf({
        counters: ['a', 'b', 'task_c'].map((metric) => ({
          labels: { metric, id: '1', unit: 'u' },
          value: 1n,
        })),
      }),
    );
    await using exporter = await exporterOf(
      agent.url,
      '[prometheus]\ncompatibility = true\nexclude = ["b"]\nseries_limit = 1\ndrop_labels = ["id"]\n',
    );
    const text = await until(async () => {
      const answer = await metricsOf(exporter, { accept: 'application/openmetrics-text;version=1.0.0' });
      return answer.includes('# TYPE a counter\na{unit="u"} 1\n') ? answer : null;
    });
    expect(text).not.toMatch(/^(?:b|task_c)/m);
    expect(text).toContain('rezolus_exporter_dropped_series{reason="limit"} 1\n');
  });

  it('says which address it could not have', async () => {
    await using agent = await FakeAgent.start(snapshotAt(1));
    await using first = await exporterOf(agent.url);
    const { port } = new URL(first.address);
    const config = {
      listen: { host: '127.0.0.1', port: Number(port) },
      web_config_file: '',
      source: agent.url,
      http_config_file: '',
      interval: 1000,
      hosts: [],
    };
    const { startExporter } = await import('../src/index.ts');
    const { parseConfig } = await import('@rezolus/core/config');
    const { exporterConfigSchema } = await import('../src/config-file.ts');
    const rest = parseConfig('[log]\nlevel = "error"', 'x', exporterConfigSchema);
    await expect(startExporter({ config: { ...rest, general: config } })).rejects.toMatchObject({
      code: 'REZ_ERR_LISTEN',
    });
  });
});
