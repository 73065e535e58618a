import type { MetricKind } from '@rezolus/core';

/** ExportedMetric: a metric as a sampler declares it. `unit` is empty where it has none or nobody knows it. */
export interface ExportedMetric {
  readonly metric: string;
  readonly kind: MetricKind;
  readonly unit: string;
}

/** Ends of the names of samples of other types: a gauge or histogram with such a name needs another one. */
const ends = '_(?:total|count|sum|bucket|created|info)';
const takenEnd = new RegExp(`${ends}$`);
const toldApart = new RegExp(`^(.+${ends})_([A-Za-z0-9]+)$`);

/**
 * familyName: what a metric is called in Prometheus, without the `_total` of counters. A name that ends as samples of
 * another type do is told apart by its unit: the gauge `memory_total` becomes `memory_total_bytes`.
 */
export function familyName({ metric, kind, unit }: ExportedMetric): string {
  if (kind === 'counter') return metric.replace(/(?<=.)_total$/, '');
  return takenEnd.test(metric) ? `${metric}_${unit || 'value'}` : metric;
}

/**
 * exportedName: the name of a metric's series in Prometheus: of counters with `_total`; of histograms that of the native
 * one, to which `_bucket`, `_count` and `_sum` are appended for classic ones.
 */
export function exportedName(metric: ExportedMetric): string {
  return metric.kind === 'counter' ? `${familyName(metric)}_total` : familyName(metric);
}

/** exportedHelp: the HELP text of a metric: its description and, in brackets, its unit. */
export function exportedHelp(description: string, unit: string): string {
  if (unit === '') return description;
  return description === '' ? `in ${unit}` : `${description} [${unit}]`;
}

/**
 * metricOf: the metric behind a name in Prometheus; undoes {@link exportedName}. `type` and `help` are those of
 * Prometheus' /api/v1/metadata, where it has them (remote write 1.0 sends none): without a type the name decides, and a
 * native histogram looks like a gauge; without a help text the unit is only known of a gauge that is told apart by it.
 * Null for what is no metric of a sampler: the exporter's own and the summaries `…_recent`. A counter that a sampler
 * calls `…_total` comes back without that.
 */
export function metricOf(name: string, type = 'unknown', help = ''): ExportedMetric | null {
  if (name.startsWith('rezolus_exporter_') || type === 'summary') return null;
  const unit = /(?:^in | \[)([^\s[\]]+)\]?$/.exec(help)?.[1] ?? '';
  if (type === 'counter' || (type === 'unknown' && name.endsWith('_total'))) {
    return { metric: name.replace(/_total$/, ''), kind: 'counter', unit };
  }
  const classic = /^(.+)_(?:bucket|count|sum)$/.exec(name);
  if (type === 'unknown' && classic !== null) return { metric: classic[1]!, kind: 'histogram', unit };
  const [, metric = name, end = unit] = toldApart.exec(name) ?? [];
  const isToldApart = help === '' || end === (unit || 'value');
  const kind = type === 'histogram' ? 'histogram' : 'gauge';
  return isToldApart ? { metric, kind, unit: end === 'value' ? '' : end } : { metric: name, kind, unit };
}
