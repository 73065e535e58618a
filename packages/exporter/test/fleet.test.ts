import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { dashboards, exportedQuery } from '../../../examples/fleet/dashboards.ts';
import { serverPath, serversMissing, TimeSeriesServer } from './servers.ts';

const fleet = fileURLToPath(new URL('../../../examples/fleet/', import.meta.url));

/** Queries of a dashboard as Grafana would send them. */
const queriesOf = (dashboard: object) =>
  [...JSON.stringify(dashboard).matchAll(/"expr":("(?:[^"\\]|\\.)*")/g)].map(([, text]) =>
    (JSON.parse(text!) as string).replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*'),
  );

describe('dashboards for Grafana', () => {
  it('are those that the plot definitions give', async () => {
    const made = await dashboards('native');
    expect(readdirSync(`${fleet}grafana/dashboards`).sort()).toEqual([...made.keys()].sort());
    for (const [file, dashboard] of made) {
      const committed = JSON.parse(readFileSync(`${fleet}grafana/dashboards/${file}`, 'utf8'));
      expect(committed, `${file}: run node examples/fleet/dashboards.ts`).toEqual(dashboard);
    }
  });

  it.each([
    [
      'sum(irate(cpu_usage{state="user"}[5m]))',
      'sum(rate(cpu_usage_total{instance=~"$instance",state="user"}[$__rate_interval]))',
    ],
    [
      '(memory_total - memory_free) / memory_total',
      '(memory_total_bytes{instance=~"$instance"} - memory_free{instance=~"$instance"}) / memory_total_bytes{instance=~"$instance"}',
    ],
    [
      'histogram_mean by (id) (lat)',
      'histogram_sum(sum by (id) (rate(lat{instance=~"$instance"}[$__rate_interval]))) / histogram_count(sum by (id) (rate(lat{instance=~"$instance"}[$__rate_interval])))',
    ],
  ])('%s', (query, expected) => {
    const names = (metric: string, isCounter: boolean) =>
      isCounter ? `${metric}_total` : metric === 'memory_total' ? 'memory_total_bytes' : metric;
    expect(exportedQuery(query, names, 'native')).toBe(expected);
  });

  it.skipIf(serversMissing)('ask what Prometheus and VictoriaMetrics understand', async () => {
    await using prometheus = await TimeSeriesServer.prometheus('global: {}\n', [
      '--enable-feature=native-histograms',
    ]);
    await using victoria = await TimeSeriesServer.victoriaMetrics();
    let count = 0;
    for (const [form, server] of [
      ['native', prometheus],
      ['classic', prometheus],
      ['classic', victoria],
    ] as const) {
      const queries = new Set([...(await dashboards(form)).values()].flatMap(queriesOf));
      for (const query of queries) {
        await server.query(query);
        count++;
      }
    }
    expect(count).toBeGreaterThan(600);
  });
});

it.skipIf(serversMissing)('promtool finds rules, their tests and the configuration right', () => {
  const promtool = (...args: string[]) =>
    execFileSync(serverPath('promtool'), args, { cwd: `${fleet}prometheus` }).toString();
  expect(promtool('check', 'rules', 'rules.yml')).toContain('SUCCESS: 8 rules found');
  expect(promtool('test', 'rules', 'rules.test.yml')).toContain('SUCCESS');
  expect(promtool('check', 'config', 'prometheus.yml')).toContain('SUCCESS');
});
