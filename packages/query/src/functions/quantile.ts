import type { Call, Span } from '../ast.ts';
import type { Context } from '../context.ts';
import type { Histogram } from '../histogram.ts';
import { type LabelSet, labelKey, labelValue, nameLabel, withLabel } from '../labels.ts';
import { executionError } from '../position.ts';
import { formatFloat, quote } from '../strings.ts';
import { floatSeries, type Grid, type VectorSeries, type VectorValue } from '../values.ts';
import { type Bucket, classicFraction, classicQuantile } from './buckets.ts';
import { fraction, quantile } from './histogram.ts';
import { checkLabelName, text } from './labels.ts';

const bucketLabel = 'le';

/** warnAboutQuantiles: a warning for the first quantile that is outside of 0..1. */
export function warnAboutQuantiles(context: Context, at: Span, quantiles: Float64Array): void {
  const bad = quantiles.find((q) => !(q >= 0 && q <= 1));
  if (bad !== undefined)
    context.annotations.warn(`quantile value should be between 0 and 1, got ${formatFloat(bad)}`, at);
}

/** parseBound: the value of a label `le`; undefined where it is no number. */
function parseBound(text: string): number | undefined {
  if (/^[+]?inf$/i.test(text)) return Number.POSITIVE_INFINITY;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isNaN(value) ? undefined : value;
}

interface ClassicHistogram {
  readonly labels: LabelSet;
  readonly bounds: number[];
  readonly series: VectorSeries[];
}

/** The series of classic histograms, grouped by their labels without `le`; tells of those without a usable one. */
function classicHistograms(vector: VectorValue, context: Context, at: Span): ClassicHistogram[] {
  const groups = new Map<string, ClassicHistogram>();
  for (const series of vector.series) {
    if (series.histograms !== null) continue;
    const value = labelValue(series.labels, bucketLabel);
    const bound = parseBound(value);
    if (bound === undefined) {
      const reason = `bucket label "le" is missing or has a malformed value of ${quote(value)}`;
      context.annotations.warn(
        `${reason} for metric name ${quote(labelValue(series.labels, nameLabel))}`,
        at,
      );
      continue;
    }
    const labels = withLabel(series.labels, bucketLabel, '');
    const key = labelKey(labels);
    let group = groups.get(key);
    if (group === undefined) {
      group = { labels, bounds: [], series: [] };
      groups.set(key, group);
    }
    group.bounds.push(bound);
    group.series.push(series);
  }
  return [...groups.values()];
}

function reduceHistograms(
  context: Context,
  at: Span,
  vector: VectorValue,
  grid: Grid,
  ofBuckets: (buckets: Bucket[], step: number, labels: LabelSet) => number,
  ofHistogram: (histogram: Histogram, step: number) => number,
): VectorSeries[] {
  const results: VectorSeries[] = [];
  for (const { labels, histograms } of vector.series) {
    if (histograms === null) continue;
    const result = floatSeries(labels, true, grid.count);
    histograms.forEach((histogram, i) => {
      if (histogram === undefined) return;
      result.present[i] = 1;
      result.values[i] = ofHistogram(histogram, i);
    });
    results.push(result);
  }
  for (const { labels, bounds, series } of classicHistograms(vector, context, at)) {
    const result = floatSeries(labels, true, grid.count);
    for (let i = 0; i < grid.count; i++) {
      const buckets: Bucket[] = [];
      series.forEach(({ present, values }, j) => {
        if (present[i] === 1) buckets.push({ bound: bounds[j]!, count: values[i]! });
      });
      if (buckets.length === 0) continue;
      result.present[i] = 1;
      result.values[i] = ofBuckets(buckets, i, labels);
    }
    results.push(result);
  }
  return results;
}

/** histogramQuantile: `histogram_quantile(q, v)` of native and classic histograms. */
export function histogramQuantile(
  context: Context,
  call: Call,
  quantiles: Float64Array,
  vector: VectorValue,
  grid: Grid,
): VectorValue {
  warnAboutQuantiles(context, call.args[0]!, quantiles);
  return { type: 'vector', series: quantileSeries(context, call.args[1]!, quantiles, vector, grid) };
}

function quantileSeries(
  context: Context,
  at: Span,
  quantiles: Float64Array,
  vector: VectorValue,
  grid: Grid,
): VectorSeries[] {
  context.budget.allocate(vector.series.length * grid.count);
  return reduceHistograms(
    context,
    at,
    vector,
    grid,
    (buckets, i, labels) => {
      const { value, fixed } = classicQuantile(quantiles[i]!, buckets);
      if (fixed) {
        const metric = quote(labelValue(labels, nameLabel));
        const reason = 'input to histogram_quantile needed to be fixed for monotonicity';
        context.annotations.info(`${reason} for metric name ${metric}`, at);
      }
      return value;
    },
    (histogram, i) => quantile(quantiles[i]!, histogram),
  );
}

/** histogramQuantiles: PromQL's `histogram_quantiles(v, label, q…)`: one series per quantile. */
export function histogramQuantiles(
  context: Context,
  call: Call,
  quantiles: readonly Float64Array[],
  vector: VectorValue,
  grid: Grid,
): VectorValue {
  const name = checkLabelName(text(call.args[1]!));
  if (quantiles.length > 10) throw executionError('histogram_quantiles takes at most 10 quantiles');
  const series = quantiles.flatMap((each, i) => {
    warnAboutQuantiles(context, call.args[2 + i]!, each);
    const value = formatFloat(each[0]!);
    const label = /^-?\d+$/.test(value) ? `${value}.0` : value;
    return quantileSeries(context, call.args[0]!, each, vector, grid).map((one) => ({
      ...one,
      labels: withLabel(one.labels, name, label),
    }));
  });
  return { type: 'vector', series };
}

/** histogramFraction: `histogram_fraction(low, high, v)`. */
export function histogramFraction(
  context: Context,
  call: Call,
  low: Float64Array,
  high: Float64Array,
  vector: VectorValue,
  grid: Grid,
): VectorValue {
  const series = reduceHistograms(
    context,
    call.args[2]!,
    vector,
    grid,
    (buckets, i) => classicFraction(low[i]!, high[i]!, buckets),
    (histogram, i) => fraction(low[i]!, high[i]!, histogram),
  );
  return { type: 'vector', series };
}
