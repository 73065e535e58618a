import { aggregateK } from './aggregate-k.ts';
import type { Aggregate } from './ast.ts';
import type { Context } from './context.ts';
import { countValues } from './count-values.ts';
import { warnAboutQuantiles } from './functions/quantile.ts';
import { type Group, groupSeries } from './grouping.ts';
import { Accumulator, commonConfig } from './histogram.ts';
import { Kahan, Mean, quantileOf } from './kahan.ts';
import { Total } from './total.ts';
import {
  floatSeries,
  type Grid,
  histogramSeries,
  type ScalarValue,
  type Value,
  type VectorSeries,
  type VectorValue,
} from './values.ts';

/** aggregate: an aggregation of evaluated operands. */
export function aggregate(
  context: Context,
  expr: Aggregate,
  parameter: Value | null,
  vector: VectorValue,
  grid: Grid,
): VectorValue {
  const { op } = expr;
  context.budget.work(vector.series.length * grid.count);
  if (op === 'count_values') return countValues(context, expr, parameter, vector, grid);
  if (op === 'topk' || op === 'bottomk' || op === 'limitk' || op === 'limit_ratio')
    return aggregateK(context, expr, (parameter as ScalarValue).values, vector, grid);
  const quantiles = op === 'quantile' ? (parameter as ScalarValue).values : null;
  if (quantiles !== null) warnAboutQuantiles(context, expr.parameter!, quantiles);
  const takesHistograms = op === 'sum' || op === 'avg' || op === 'count' || op === 'group';
  const series = groupSeries(vector.series, expr.grouping).flatMap((group): VectorSeries[] => {
    context.budget.allocate(grid.count);
    const hasHistograms = group.series.some((each) => each.histograms !== null);
    if (hasHistograms && !takesHistograms)
      context.annotations.info(`ignored histogram in ${op} aggregation`, expr.expr);
    if (hasHistograms && (op === 'sum' || op === 'avg')) return sumHistograms(context, expr, op, group, grid);
    const result = floatSeries(group.labels, group.dropName, grid.count);
    const inputs = takesHistograms ? group.series : group.series.filter((each) => each.histograms === null);
    reducers[op](result, inputs, quantiles);
    return [result];
  });
  return { type: 'vector', series: series.filter((each) => each.present.includes(1)) };
}

type Reducer = (
  result: VectorSeries,
  series: readonly VectorSeries[],
  quantiles: Float64Array | null,
) => void;

const sum: Reducer = ({ present, values }, series) => {
  const total = new Total(present, values);
  for (const each of series) total.add(each.present, each.values);
  total.finish();
};

function extreme(better: (value: number, than: number) => boolean): Reducer {
  return ({ present, values }, series) => {
    for (const each of series)
      for (let i = 0; i < values.length; i++) {
        if (each.present[i] === 0) continue;
        const value = each.values[i]!;
        if (present[i] === 0 || better(value, values[i]!) || Number.isNaN(values[i])) values[i] = value;
        present[i] = 1;
      }
  };
}

/** Calls `reduce` with the values present at each time. */
function byStep(reduce: (values: Float64Array, step: number, q: number) => number): Reducer {
  return (result, series, quantiles) => {
    const buffer = new Float64Array(series.length);
    for (let i = 0; i < result.values.length; i++) {
      let used = 0;
      for (const each of series) if (each.present[i] === 1) buffer[used++] = each.values[i]!;
      if (used === 0) continue;
      result.present[i] = 1;
      result.values[i] = reduce(buffer.subarray(0, used), i, quantiles === null ? 0 : quantiles[i]!);
    }
  };
}

function average(values: Float64Array): number {
  const mean = new Mean();
  for (const value of values) mean.add(value);
  return mean.value;
}

/** Welford's algorithm with compensated sums; Prometheus, promql/engine.go, aggregation. */
function variance(values: Float64Array): number {
  const mean = new Kahan();
  const squares = new Kahan();
  if (!Number.isFinite(values[0])) return Number.NaN;
  let count = 0;
  for (const value of values) {
    count++;
    const delta = value - mean.total;
    mean.add(delta / count);
    squares.add(delta * (value - mean.total));
  }
  return squares.total / count;
}

type SimpleOperator = Exclude<
  Aggregate['op'],
  'count_values' | 'topk' | 'bottomk' | 'limitk' | 'limit_ratio'
>;

const reducers: Readonly<Record<SimpleOperator, Reducer>> = {
  sum,
  avg: byStep(average),
  min: extreme((value, than) => value < than),
  max: extreme((value, than) => value > than),
  count: countOrGroup((before) => before + 1),
  group: countOrGroup(() => 1),
  stdvar: byStep(variance),
  stddev: byStep((values) => Math.sqrt(variance(values))),
  quantile: byStep((values, _, q) => quantileOf(q, values)),
};

function countOrGroup(next: (before: number) => number): Reducer {
  return ({ present, values }, series) => {
    for (const each of series)
      for (let i = 0; i < values.length; i++) {
        if (each.present[i] === 0) continue;
        values[i] = next(values[i]!);
        present[i] = 1;
      }
  };
}

/** Histograms of a group added up; where doubles are among them at a time there is no result. */
function sumHistograms(
  context: Context,
  expr: Aggregate,
  op: 'sum' | 'avg',
  group: Group,
  grid: Grid,
): VectorSeries[] {
  const configs = group.series.flatMap(
    (each) => each.histograms?.find((one) => one !== undefined)?.config ?? [],
  );
  const floats = floatSeries(group.labels, group.dropName, grid.count);
  const histograms = histogramSeries(group.labels, group.dropName, grid.count);
  const onlyFloats = group.series.filter((each) => each.histograms === null);
  if (configs.length > 0) {
    const total = new Accumulator(configs.reduce(commonConfig));
    for (let i = 0; i < grid.count; i++) {
      total.clear();
      let count = 0;
      for (const each of group.series) {
        const histogram = each.histograms?.[i];
        if (histogram === undefined) continue;
        count++;
        total.addHistogram(histogram, 1);
        context.budget.work(histogram.buckets.length);
      }
      if (count === 0) continue;
      histograms.present[i] = 1;
      histograms.histograms[i] = total.snapshot(op === 'avg' ? 1 / count : 1);
    }
  }
  if (onlyFloats.length === 0) return [histograms];
  reducers[op](floats, onlyFloats, null);
  for (let i = 0; i < grid.count; i++) {
    if (floats.present[i] === 0 || histograms.present[i] === 0) continue;
    context.annotations.warn('encountered a mix of histograms and floats for aggregation', expr.expr);
    floats.present[i] = 0;
    histograms.present[i] = 0;
    histograms.histograms[i] = undefined;
  }
  return [floats, histograms];
}
