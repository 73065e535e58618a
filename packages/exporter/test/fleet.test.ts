import { execFileSync } from 'node:child_process';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '@rezolus/core/config';
import { exportedName } from '@rezolus/exposition';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { dashboards, exportedQuery } from '../../../examples/fleet/dashboards.ts';
import { builtInDefinitions } from '../../../tests/support/samplers.ts';
import { exporterConfigSchema } from '../src/config-file.ts';
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

/** documents: what is in a YAML file. */
const documents = (path: string) =>
  parseAllDocuments(readFileSync(fleet + path, 'utf8'), { strict: true, uniqueKeys: true }).map(
    (document) => {
      expect([...document.errors, ...document.warnings], path).toEqual([]);
      return document.toJS();
    },
  );

it('all YAML is right', () => {
  const files = globSync('**/*.{yml,yaml}', { cwd: fleet });
  expect(files.length).toBeGreaterThan(6);
  for (const file of files) expect(documents(file).length).toBeGreaterThan(0);
});

it('rules ask for metrics that the exporter has', async () => {
  const definitions = await builtInDefinitions();
  const names = new Set(
    definitions.flatMap(({ definition }) =>
      definition.groups.flatMap(({ metrics }) =>
        metrics.map(({ name, kind, unit = '' }) => exportedName({ metric: name, kind, unit })),
      ),
    ),
  );
  const [{ groups }] = documents('prometheus/rules.yml') as [{ groups: { rules: { expr: string }[] }[] }];
  const asked = groups.flatMap(({ rules }) =>
    rules.flatMap(({ expr }) => [...expr.matchAll(/\b[a-z]+(?:_[a-z]+)+\b(?!\()/g)].map(([name]) => name)),
  );
  const known = (name: string) =>
    names.has(name.replace(/_bucket$/, '')) || name.startsWith('rezolus_exporter_');
  expect(asked.length).toBeGreaterThan(10);
  expect(asked.filter((name) => !known(name))).toEqual([]);
});

it('the parts for Kubernetes fit together, and the configurations are right', () => {
  const byKind = Object.fromEntries(
    [...documents('kubernetes/rezolus.yaml'), ...documents('kubernetes/servicemonitor.yaml')].map((one) => [
      one.kind,
      one,
    ]),
  );
  const { ConfigMap, DaemonSet, Service, ServiceMonitor } = byKind;
  expect(() =>
    parseConfig(ConfigMap.data['exporter.toml'], 'exporter.toml', exporterConfigSchema),
  ).not.toThrow();
  const { template, selector } = DaemonSet.spec;
  expect(template.metadata.labels).toMatchObject(selector.matchLabels);
  expect(template.metadata.labels).toMatchObject(Service.spec.selector);
  expect(Service.metadata.labels).toMatchObject(ServiceMonitor.spec.selector.matchLabels);
  const [{ port }] = ServiceMonitor.spec.endpoints;
  expect(Service.spec.ports).toMatchObject([{ name: port, targetPort: 'metrics', port: 4242 }]);
  const volumes = template.spec.volumes.map(({ name }: { name: string }) => name);
  for (const { volumeMounts } of template.spec.containers) {
    for (const { name } of volumeMounts) expect(volumes).toContain(name);
  }
  expect(template.spec.containers[1].ports).toMatchObject([{ name: 'metrics', containerPort: 4242 }]);
});
