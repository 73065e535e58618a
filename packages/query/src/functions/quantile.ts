import type { Span } from '../ast.ts';
import { type Call, unparen } from '../ast.ts';
import type { Context } from '../context.ts';
import type { Histogram } from '../histogram.ts';
import { type LabelSet, labelKey, labelValue, withLabel } from '../labels.ts';
import { executionError } from '../position.ts';
import { formatFloat } from '../strings.ts';
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

/** The series of classic histograms, grouped by their labels without `le`. */
function classicHistograms(vector: VectorValue): ClassicHistogram[] {
  const groups = new Map<string, ClassicHistogram>();
  for (const series of vector.series) {
    if (series.histograms !== null) continue;
    const bound = parseBound(labelValue(series.labels, bucketLabel));
    if (bound === undefined) continue;
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
  vector: VectorValue,
  grid: Grid,
  ofBuckets: (buckets: Bucket[], step: number) => number,
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
  for (const { labels, bounds, series } of classicHistograms(vector)) {
    const result = floatSeries(labels, true, grid.count);
    for (let i = 0; i < grid.count; i++) {
      const buckets: Bucket[] = [];
      series.forEach(({ present, values }, j) => {
        if (present[i] === 1) buckets.push({ bound: bounds[j]!, count: values[i]! });
      });
      if (buckets.length === 0) continue;
      result.present[i] = 1;
      result.values[i] = ofBuckets(buckets, i);
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
  context.budget.allocate(vector.series.length * grid.count);
  let isFixed = false;
  const series = reduceHistograms(
    vector,
    grid,
    (buckets, i) => {
      const { value, fixed } = classicQuantile(quantiles[i]!, buckets);
      isFixed ||= fixed;
      return value;
    },
    (histogram, i) => quantile(quantiles[i]!, histogram),
  );
  if (isFixed)
    context.annotations.info('input to histogram_quantile needed to be fixed for monotonicity', call);
  return { type: 'vector', series };
}

/** histogramQuantiles: PromQL's `histogram_quantiles(v, label, q…)`: one series per quantile. */
export function histogramQuantiles(
  context: Context,
  call: Call,
  quantiles: readonly Float64Array[],
  vector: VectorValue,
  grid: Grid,
): VectorValue {
  const name = checkLabelName(text(unparen(call.args[1]!)));
  if (quantiles.length > 10) throw executionError('histogram_quantiles takes at most 10 quantiles');
  const series = quantiles.flatMap((each) => {
    const value = formatFloat(each[0]!);
    return histogramQuantile(context, call, each, vector, grid).series.map((one) => ({
      ...one,
      labels: withLabel(one.labels, name, /^-?\d+$/.test(value) ? `${value}.0` : value),
    }));
  });
  return { type: 'vector', series };
}

/** histogramFraction: `histogram_fraction(low, high, v)`. */
export function histogramFraction(
  low: Float64Array,
  high: Float64Array,
  vector: VectorValue,
  grid: Grid,
): VectorValue {
  const series = reduceHistograms(
    vector,
    grid,
    (buckets, i) => classicFraction(low[i]!, high[i]!, buckets),
    (histogram, i) => fraction(low[i]!, high[i]!, histogram),
  );
  return { type: 'vector', series };
}
