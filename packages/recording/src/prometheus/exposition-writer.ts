import type { Labels } from '@rezolus/core';
import type { ColumnSpec } from '../parquet/layout.ts';
import type { RowSink } from '../parquet/row-sink.ts';
import type { ColumnNames } from '../recorder/column-names.ts';
import { type ClassicBuckets, ClassicHistogram } from './classic-histogram.ts';
import type { Exposition, Family, PrometheusSample } from './parse.ts';

/** Field metadata with a meaning of its own: a label of such a name becomes `exported_<name>`, as in Prometheus. */
const reserved = new Set([
  'metric',
  'metric_type',
  'unit',
  'grouping_power',
  'max_value_power',
  'source',
  'endpoint',
  'node',
  'instance',
]);

/** ScalarSeries: a series and its column; it goes on in a column of doubles from its first value that is no integer. */
interface ScalarSeries {
  readonly kind: 'counter' | 'gauge';
  readonly name: string;
  readonly metadata: Labels;
  column: number;
  float: boolean;
}

interface HistogramSeries {
  column: number;
  histogram: ClassicHistogram;
  readonly metadata: Labels;
}

/** ExpositionWriter: writes what a Prometheus target says as the cells of a row. */
export class ExpositionWriter {
  readonly #sink: RowSink;
  readonly #names: ColumnNames;
  readonly #labels: Labels;
  readonly #scalars = new Map<string, ScalarSeries>();
  readonly #histograms = new Map<string, HistogramSeries>();
  readonly #bits = new Float64Array(1);
  readonly #words = new Uint32Array(this.#bits.buffer);
  readonly #integer = new BigInt64Array(this.#bits.buffer);
  #row = new Set<number>();
  #ids = 0;

  constructor(sink: RowSink, names: ColumnNames, labels: Labels) {
    this.#sink = sink;
    this.#names = names;
    this.#labels = labels;
  }

  /** series: how many series were seen so far. */
  get series(): number {
    return this.#scalars.size + this.#histograms.size;
  }

  /** write: the cells of one row. Values that are not finite are left out, and series that come twice. */
  write({ families, samples }: Exposition): void {
    this.#row = new Set();
    const classic = new Map<string, { name: string; labels: Labels; buckets: [number, number][] }>();
    for (const sample of samples) {
      const { name, labels, value } = sample;
      if (!Number.isFinite(value)) continue;
      const family = familyOf(families, name);
      const le = labels.find(([label]) => label === 'le')?.[1];
      const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
      if (!Number.isNaN(bound) && name.endsWith('_bucket') && isHistogram(family)) {
        const rest = toLabels(labels.filter(([label]) => label !== 'le'));
        const base = name.slice(0, -'_bucket'.length);
        const key = identity(base, rest);
        const known = classic.get(key) ?? { name: base, labels: rest, buckets: [] };
        known.buckets.push([bound, value]);
        classic.set(key, known);
      } else {
        this.#scalar(sample, family);
      }
    }
    for (const [key, { name, labels, buckets }] of classic) this.#histogram(key, name, labels, buckets);
  }

  #scalar({ name, labels, value }: PrometheusSample, family: Family | undefined): void {
    const own = toLabels(labels);
    const key = identity(name, own);
    let series = this.#scalars.get(key);
    if (series === undefined) {
      const kind = kindOf(name, family);
      const unit: Labels = family?.unit === undefined || family.unit === '' ? {} : { unit: family.unit };
      const metadata = { ...own, ...unit, ...this.#labels, metric: metricName(name), metric_type: kind };
      series = { kind, name: String(this.#ids++), metadata, column: -1, float: false };
      this.#scalars.set(key, series);
    }
    const { kind } = series;
    // Counters that fell below zero are none, but they are kept as they are.
    const integer = Number.isInteger(value) && Math.abs(value) <= 2 ** 53 && (kind === 'gauge' || value >= 0);
    if (series.column < 0 || (!integer && !series.float)) {
      series.float ||= !integer;
      series.column = this.#column(series.name, { kind, float: series.float, metadata: series.metadata });
    }
    if (this.#row.has(series.column)) return;
    this.#row.add(series.column);
    if (series.float) this.#bits[0] = value;
    else this.#integer[0] = BigInt(value);
    this.#sink.scalar(series.column, this.#words[0]!, this.#words[1]!);
  }

  #histogram(key: string, name: string, labels: Labels, buckets: ClassicBuckets): void {
    let series = this.#histograms.get(key);
    if (series === undefined) {
      const histogram = new ClassicHistogram(name, buckets);
      const { groupingPower, maxValuePower } = histogram.config;
      const metadata = {
        ...labels,
        ...(name.endsWith('_seconds') && { unit: 'nanoseconds' }),
        ...this.#labels,
        metric: metricName(name),
        metric_type: 'histogram',
        grouping_power: String(groupingPower),
        max_value_power: String(maxValuePower),
      };
      const column = this.#column(String(this.#ids++), { kind: 'histogram', metadata });
      series = { column, histogram, metadata };
      this.#histograms.set(key, series);
    }
    series.histogram.add(buckets);
    this.#sink.histogram(series.column, series.histogram.buckets);
  }

  #column(name: string, spec: Omit<ColumnSpec, 'name'>): number {
    return this.#sink.addColumn({ ...spec, name: this.#names.unique(spec.kind, name) });
  }
}

function identity(name: string, labels: Labels): string {
  return JSON.stringify([name, ...Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function toLabels(pairs: PrometheusSample['labels']): Labels {
  return Object.fromEntries(
    pairs.map(([name, value]) => [reserved.has(name) ? `exported_${name}` : name, value]),
  );
}

function metricName(name: string): string {
  return name.replaceAll(':', '_');
}

function isHistogram(family: Family | undefined): boolean {
  return family?.type === 'histogram' || family?.type === undefined;
}

/** familyOf: what is said of the family of a sample: of its own name, or of that without its suffix. */
function familyOf(families: ReadonlyMap<string, Family>, name: string): Family | undefined {
  const own = families.get(name);
  if (own?.type !== undefined) return own;
  const suffix = /_(bucket|sum|count|total|created|info|gsum|gcount)$/.exec(name);
  return (suffix === null ? undefined : families.get(name.slice(0, -suffix[0].length))) ?? own;
}

function kindOf(name: string, family: Family | undefined): 'counter' | 'gauge' {
  switch (family?.type) {
    case 'counter':
      return name.endsWith('_created') ? 'gauge' : 'counter';
    case 'histogram':
    case 'summary':
      return /_(sum|count)$/.test(name) ? 'counter' : 'gauge';
    case undefined:
    case 'untyped':
    case 'unknown':
      return /_(total|sum|count)$/.test(name) ? 'counter' : 'gauge';
    default:
      return 'gauge';
  }
}
