import { count, sum } from './functions/histogram.ts';
import type { Histogram } from './histogram.ts';
import { compareLabels, type LabelSet, labelKey, labelRecord, withoutName } from './labels.ts';
import { executionError } from './position.ts';
import {
  floatSeries,
  type Grid,
  histogramSeries,
  type RangeVector,
  type VectorSeries,
  type VectorValue,
} from './values.ts';

/** HistogramSample: a native histogram in a result. */
export interface HistogramSample {
  readonly count: number;
  readonly sum: number;
  readonly histogram: Histogram;
}

/** SeriesResult: one series of a matrix: its samples, ascending in time. */
export interface SeriesResult {
  /** With the metric name as `__name__`. */
  readonly labels: Readonly<Record<string, string>>;
  /** ms since the epoch. */
  readonly times: Float64Array;
  /** Where the series holds histograms: how many observations each of them has. */
  readonly values: Float64Array;
  readonly histograms?: readonly HistogramSample[];
}

/** SampleResult: one sample of an instant vector. */
export interface SampleResult {
  readonly labels: Readonly<Record<string, string>>;
  /** For a histogram: how many observations it has. */
  readonly value: number;
  readonly histogram?: HistogramSample;
}

/** BucketsResult: what histogram_heatmap gives: `counts[i]` observations at `times[columns[i]]`, bucket `rows[i]`. */
export interface BucketsResult {
  readonly kind: 'buckets';
  readonly times: Float64Array;
  /** Exclusive upper end of each row's bucket, from the lowest to the highest one in use. */
  readonly bounds: Float64Array;
  readonly columns: Uint32Array;
  readonly rows: Uint16Array;
  readonly counts: Float64Array;
}

/** QueryResult: the value of a query. `matrix` is sorted by labels, `vector` too unless the query sorts it. */
export type QueryResult =
  | { readonly kind: 'matrix'; readonly series: readonly SeriesResult[] }
  | { readonly kind: 'vector'; readonly timeMs: number; readonly samples: readonly SampleResult[] }
  | { readonly kind: 'scalar'; readonly timeMs: number; readonly value: number }
  | { readonly kind: 'string'; readonly timeMs: number; readonly value: string }
  | BucketsResult;

const samplesOf = new WeakMap<Histogram, HistogramSample>();

function histogramSample(histogram: Histogram): HistogramSample {
  let sample = samplesOf.get(histogram);
  if (sample === undefined) {
    sample = { count: count(histogram), sum: sum(histogram), histogram };
    samplesOf.set(histogram, sample);
  }
  return sample;
}

/**
 * finish: the series as they leave the engine: names that were due to be dropped are, series that fell together are
 * merged. Throws REZ_ERR_QUERY_EXECUTION where two of them have a sample at one time.
 */
export function finish({ series, ordered = false }: VectorValue, count: number): VectorSeries[] {
  const groups = new Map<string, VectorSeries[]>();
  for (const each of series) {
    if (!each.present.includes(1)) continue;
    const labels = each.dropName ? withoutName(each.labels) : each.labels;
    const key = labelKey(labels);
    const named = { ...each, labels, dropName: false };
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [named]);
    else group.push(named);
  }
  const merged = [...groups.values()].flatMap((group) =>
    group.length === 1 ? group : mergeSeries(group, count),
  );
  return ordered ? merged : merged.sort((a, b) => compareLabels(a.labels, b.labels));
}

function mergeSeries(group: readonly VectorSeries[], count: number): VectorSeries[] {
  const { labels } = group[0]!;
  const floats = floatSeries(labels, false, count);
  const histograms = histogramSeries(labels, false, count);
  for (const each of group)
    for (let i = 0; i < count; i++) {
      if (each.present[i] === 0) continue;
      if (floats.present[i] === 1 || histograms.present[i] === 1)
        throw executionError('vector cannot contain metrics with the same labelset');
      const histogram = each.histograms?.[i];
      const target = histogram === undefined ? floats : histograms;
      target.present[i] = 1;
      if (histogram === undefined) floats.values[i] = each.values[i]!;
      else histograms.histograms[i] = histogram;
    }
  return [floats, histograms].filter((each) => each.present.includes(1));
}

/** toMatrix: series of a range query. */
export function toMatrix(series: readonly VectorSeries[], grid: Grid): QueryResult {
  return {
    kind: 'matrix',
    series: series.map(({ labels, present, values, histograms }): SeriesResult => {
      const isFull = !present.includes(0);
      const keep = (array: Float64Array) => (isFull ? array : array.filter((_, i) => present[i] === 1));
      const times = keep(grid.times);
      if (histograms === null) return { labels: labelRecord(labels), times, values: keep(values) };
      const samples = histograms.filter((each) => each !== undefined).map(histogramSample);
      const counts = Float64Array.from(samples, (sample) => sample.count);
      return { labels: labelRecord(labels), times, values: counts, histograms: samples };
    }),
  };
}

/** toVector: series of an instant query. */
export function toVector(series: readonly VectorSeries[], timeMs: number): QueryResult {
  const samples = series.map(({ labels, values, histograms }): SampleResult => {
    const histogram = histograms?.[0];
    if (histogram === undefined) return { labels: labelRecord(labels), value: values[0]! };
    const sample = histogramSample(histogram);
    return { labels: labelRecord(labels), value: sample.count, histogram: sample };
  });
  return { kind: 'vector', timeMs, samples };
}

/** rangeToMatrix: the raw samples of a range vector at the only time of an instant query. */
export function rangeToMatrix(
  range: RangeVector,
  states: (index: number) => readonly Histogram[],
): QueryResult {
  const series = range.series.flatMap(
    ({ labels, samples, windows }, index): (SeriesResult & { sort: LabelSet })[] => {
      const [from, to] = [windows.from[0]!, windows.to[0]!];
      if (to <= from) return [];
      const shared = { sort: labels, labels: labelRecord(labels), times: samples.times.slice(from, to) };
      if (samples.kind === 'float')
        return [{ ...shared, values: samples.values.slice(from, to).map((value) => value + samples.base) }];
      const histograms = states(index).map(histogramSample);
      return [{ ...shared, values: Float64Array.from(histograms, (each) => each.count), histograms }];
    },
  );
  series.sort((a, b) => compareLabels(a.sort, b.sort));
  return { kind: 'matrix', series: series.map(({ sort: _, ...rest }) => rest) };
}
