/**
 * Writes Grafana dashboards from the plot definitions of the viewer: `node examples/fleet/dashboards.ts [--classic] [FOLDER]`.
 * The queries are those of the viewer with the names that the exporter gives, for all machines or the chosen ones.
 * `--classic` asks for `le` buckets, for servers without native histograms.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exportedName } from '@rezolus/exposition';
import { addMatcher } from '@rezolus/query';
import { builtInDefinitions } from '../../tests/support/samplers.ts';

interface Plot {
  readonly title: string;
  readonly style: string;
  readonly unit: string;
  readonly query: string;
  readonly width?: string;
  readonly logScale?: boolean;
}

interface Definition {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly {
    readonly name: string;
    readonly subgroups: readonly {
      readonly name: string;
      readonly description?: string;
      readonly plots: readonly Plot[];
    }[];
  }[];
}

/** Names: how a metric of a sampler is called in Prometheus. */
export type Names = (metric: string, isCounter: boolean) => string;

/** exportedNames: as the exporter names what the built-in samplers declare. */
export async function exportedNames(): Promise<Names> {
  const definitions = await builtInDefinitions();
  const units = new Map(
    definitions.flatMap(({ definition }) =>
      definition.groups.flatMap(({ metrics }) =>
        metrics.map(({ name, unit }) => [name, unit ?? ''] as const),
      ),
    ),
  );
  return (metric, isCounter) =>
    exportedName({ metric, kind: isCounter ? 'counter' : 'gauge', unit: units.get(metric) ?? '' });
}

const units: Readonly<Record<string, string>> = {
  rate: 'ops',
  time: 'ns',
  percentage: 'percentunit',
  bytes: 'bytes',
  datarate: 'Bps',
  bitrate: 'bps',
  frequency: 'hertz',
  count: 'short',
};

/** Grafana's variable for the data source that was chosen. */
const datasourceVariable = '\u0024{datasource}';
const range = '[$__rate_interval]';
const quantiles = [0.5, 0.9, 0.99, 0.999];
const selector = String.raw`([a-zA-Z_:][\w:]*)(\{[^}]*\})?`;

/** HistogramForm: how one asks for histograms: natively or by `le` buckets. */
export type HistogramForm = 'native' | 'classic';

/** quantileQuery: a quantile of a histogram over all its series. */
function quantileQuery(quantile: number, query: string, form: HistogramForm): string {
  const [, name, labels = ''] = new RegExp(`^${selector}$`).exec(query)!;
  return form === 'native'
    ? `histogram_quantile(${quantile}, sum(rate(${name}${labels}${range})))`
    : `histogram_quantile(${quantile}, sum by (le) (rate(${name}_bucket${labels}${range})))`;
}

/** exportedQuery: a query of the viewer, for Prometheus. */
export function exportedQuery(query: string, names: Names, form: HistogramForm): string {
  const rate = (by: string, name: string, labels: string, suffix: string) =>
    form === 'native'
      ? `histogram${suffix}(sum${by} (rate(${name}${labels}${range})))`
      : `sum${by} (rate(${name}${suffix}${labels}${range}))`;
  const done: string[] = [];
  const keep = (text: string) => `\u0000${done.push(text) - 1}\u0000`;
  const text = addMatcher(query, { name: 'instance', op: '=~', value: '$instance' })
    .replace(
      new RegExp(String.raw`histogram_(irate|mean|sum)( by \([^)]*\))?\s*\(${selector}\)`, 'g'),
      (_, what: string, by = '', name: string, labels = '') => {
        const count = rate(by, name, labels, '_count');
        const sum = rate(by, name, labels, '_sum');
        return keep(what === 'irate' ? count : what === 'sum' ? sum : `${sum} / ${count}`);
      },
    )
    .replace(new RegExp(String.raw`i?rate\(${selector}\[[^\]]*\]\)`, 'g'), (_, name: string, labels = '') =>
      keep(`rate(${names(name, true)}${labels}${range})`),
    )
    .replace(/([a-zA-Z_:][\w:]*)\{/g, (_, name: string) => `${names(name, false)}{`);
  return text.replace(/\u0000(\d+)\u0000/g, (_, index) => done[Number(index)]!);
}

function targets(plot: Plot, names: Names, form: HistogramForm) {
  const datasource = { type: 'prometheus', uid: datasourceVariable };
  const target = (expr: string, legendFormat: string, i = 0) => ({
    datasource,
    expr,
    legendFormat,
    refId: String.fromCharCode(65 + i),
  });
  if (plot.style === 'percentiles') {
    const query = addMatcher(plot.query, { name: 'instance', op: '=~', value: '$instance' });
    return quantiles.map((quantile, i) =>
      target(quantileQuery(quantile, query, form), `p${100 * quantile}`, i),
    );
  }
  const expr = exportedQuery(plot.query, names, form);
  const by = /by \((\w+)\)/.exec(expr)?.[1];
  return [target(expr, by === undefined ? plot.title : `{{${by}}}`)];
}

/** dashboardOf: a Grafana dashboard (schema version 39) of one section of the viewer. */
export function dashboardOf({ id, name, groups }: Definition, names: Names, form: HistogramForm): object {
  const panels: object[] = [];
  let y = 0;
  for (const group of groups) {
    for (const { name: title, description = '', plots } of group.subgroups) {
      panels.push({
        type: 'row',
        title: groups.length > 1 ? `${group.name}: ${title}` : title,
        gridPos: { x: 0, y: y++, w: 24, h: 1 },
        panels: [],
      });
      let x = 0;
      for (const plot of plots) {
        const w = plot.width === 'full' ? 24 : 12;
        if (x + w > 24) {
          x = 0;
          y += 8;
        }
        panels.push({
          type: 'timeseries',
          title: plot.title,
          description,
          datasource: { type: 'prometheus', uid: datasourceVariable },
          gridPos: { x, y, w, h: 8 },
          fieldConfig: {
            defaults: {
              unit: units[plot.unit] ?? 'short',
              min: 0,
              custom: plot.logScale === true ? { scaleDistribution: { type: 'log', log: 10 } } : {},
            },
            overrides: [],
          },
          options: { tooltip: { mode: 'multi', sort: 'desc' } },
          targets: targets(plot, names, form),
        });
        x += w;
      }
      y += 8;
    }
  }
  return {
    uid: `rezolus-${id}`,
    title: `Rezolus: ${name}`,
    tags: ['rezolus'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus' },
        {
          name: 'instance',
          type: 'query',
          datasource: { type: 'prometheus', uid: datasourceVariable },
          query: 'label_values(rezolus_exporter_agent_up, instance)',
          includeAll: true,
          allValue: '.*',
          multi: true,
          refresh: 2,
        },
      ],
    },
    panels: panels.map((panel, i) => ({ id: i + 1, ...panel })),
  };
}

/** dashboards: file name to dashboard, of the sections of the viewer about machines; those about services are left out. */
export async function dashboards(form: HistogramForm): Promise<Map<string, object>> {
  const folder = fileURLToPath(new URL('../../packages/viewer/dashboards/', import.meta.url));
  const names = await exportedNames();
  const files = readdirSync(folder).filter((file) => /^(?!service-).*\.json$/.test(file));
  return new Map(
    files.map((file) => [
      file,
      dashboardOf(JSON.parse(readFileSync(join(folder, file), 'utf8')), names, form),
    ]),
  );
}

if (import.meta.main) {
  const args = process.argv.slice(2);
  const isClassic = args.includes('--classic');
  const folder =
    args.find((arg) => !arg.startsWith('--')) ??
    fileURLToPath(new URL('grafana/dashboards/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  for (const [file, dashboard] of await dashboards(isClassic ? 'classic' : 'native')) {
    writeFileSync(join(folder, file), `${JSON.stringify(dashboard, null, 2)}\n`);
  }
}
