import type { UnitSystem } from '../../contract.ts';

/** Metric: what a capture holds under one name. */
export interface Metric {
  readonly name: string;
  readonly kind: string;
  readonly unit: string;
  readonly help: string;
  /** How many series it has. */
  readonly series: number;
  /** The values of each of its labels. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

/** Labels: those of a series, its name among them. */
export type Labels = Readonly<Record<string, string>>;
/** Described: what `/api/v1/metadata` says, by metric. */
export type Described = Readonly<Record<string, readonly { type: string; help: string; unit: string }[]>>;

/** catalogOf: metrics from what the API says about them. */
export function catalogOf(described: Described, series: readonly Labels[]): Metric[] {
  const found = new Map<string, { series: number; labels: Map<string, Set<string>> }>();
  for (const { __name__: name = '', ...labels } of series) {
    const metric = found.get(name) ?? { series: 0, labels: new Map<string, Set<string>>() };
    found.set(name, metric);
    metric.series++;
    for (const [label, value] of Object.entries(labels)) {
      const values = metric.labels.get(label) ?? new Set<string>();
      metric.labels.set(label, values.add(value));
    }
  }
  return [...found].sort().map(([name, metric]) => {
    const about = described[name]?.[0];
    return {
      name,
      kind: about?.type ?? 'unknown',
      unit: about?.unit ?? '',
      help: about?.help ?? '',
      series: metric.series,
      labels: Object.fromEntries(
        [...metric.labels].sort().map(([label, values]) => [label, [...values].sort()]),
      ),
    };
  });
}

/** searchCatalog: the metrics in which every word of `text` is found: in name, description, labels or their values. */
export function searchCatalog(metrics: readonly Metric[], text: string): Metric[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return metrics.filter(({ name, help, kind, labels }) => {
    const all = [name, help, kind, ...Object.entries(labels).flat(2)].join('\n').toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** selectorOf: PromQL that selects a metric whatever its name. */
export function selectorOf(name: string): string {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : `{__name__=${JSON.stringify(name)}}`;
}

/** metricQuery: the query that shows a metric at a glance: of histograms the selector, else the sum, `by` a label. */
export function metricQuery({ name, kind }: Pick<Metric, 'name' | 'kind'>, by?: string): string {
  const selector = selectorOf(name);
  const group = by === undefined ? '' : ` by (${by}) `;
  if (kind === 'histogram') return by === undefined ? selector : `histogram_mean${group}(${selector})`;
  if (kind === 'counter') return `sum${group}(irate(${selector}[5m]))`;
  return by === undefined ? selector : `sum${group}(${selector})`;
}

/** metricUnit: how the answer to {@link metricQuery} is scaled. */
export function metricUnit({ kind, unit }: Pick<Metric, 'kind' | 'unit'>): UnitSystem {
  const isRate = kind === 'counter';
  if (/^nanoseconds?$/.test(unit)) return 'time';
  if (/^bytes?$/.test(unit)) return isRate ? 'datarate' : 'bytes';
  if (/^hz$/i.test(unit)) return 'frequency';
  return isRate ? 'rate' : 'count';
}
