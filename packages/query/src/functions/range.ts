import type { Call } from '../ast.ts';
import type { Context } from '../context.ts';
import { unsupported } from '../position.ts';
import type { HistogramColumn } from '../source.ts';
import {
  floatSeries,
  type Grid,
  histogramSeries,
  type RangeSeries,
  type RangeVector,
  type VectorSeries,
  type VectorValue,
} from '../values.ts';
import {
  endFunctions,
  overTimeFunctions,
  overTimeHistogramFunctions,
  samplingFunctions,
} from './over-time.ts';
import { warnAboutQuantiles } from './quantile.ts';
import { type HistogramFunction, rateFunctions, rateHistogramFunctions } from './rate.ts';
import { regressionFunctions } from './regression.ts';
import type { FloatFunction, FloatWindow } from './window.ts';

/** Change of a gauge: histograms are counters here. */
const gaugeFunctions: ReadonlySet<string> = new Set(['delta', 'idelta']);

const floatFunctions: Readonly<Record<string, FloatFunction>> = {
  ...overTimeFunctions,
  ...regressionFunctions,
  ...samplingFunctions,
  ...endFunctions,
};
const histogramFunctions: Readonly<Record<string, HistogramFunction>> = {
  ...rateHistogramFunctions,
  ...overTimeHistogramFunctions,
};

/** isRangeFunction: whether {@link overRange} has the function. */
export function isRangeFunction(name: string): boolean {
  return Object.hasOwn(floatFunctions, name) || Object.hasOwn(rateFunctions, name);
}

/** overRange: a function that reduces the samples of each range to one. */
export function overRange(
  context: Context,
  call: Call,
  range: RangeVector,
  scalars: readonly Float64Array[],
  grid: Grid,
): VectorValue {
  if (call.name === 'quantile_over_time') warnAboutQuantiles(context, call, scalars[0]!);
  const series = range.series.map((each): VectorSeries | null => {
    context.budget.allocate(grid.count);
    if (each.samples.kind === 'float' || Object.hasOwn(samplingFunctions, call.name))
      return ofFloats(context, call.name, each, range, scalars, grid);
    if (gaugeFunctions.has(call.name))
      throw unsupported(context.text, call.from, `${call.name} of histograms, which are counters here,`);
    if (Object.hasOwn(countingFunctions, call.name))
      return counted(context, call.name, each, each.samples, grid);
    const reduce = Object.hasOwn(histogramFunctions, call.name) ? histogramFunctions[call.name]! : null;
    if (reduce === null) {
      context.annotations.info(`ignored histograms in a range given to ${call.name}`, call);
      return null;
    }
    context.budget.work(each.samples.counts.length);
    const result = histogramSeries(each.labels, dropsName(call.name, each), grid.count);
    reduce(each.samples, each.windows, range, context.settings.lookbackMs).forEach((histogram, i) => {
      if (histogram === undefined) return;
      result.present[i] = 1;
      result.histograms[i] = histogram;
    });
    return result;
  });
  const present = series.filter((each) => each?.present.includes(1)) as VectorSeries[];
  return { type: 'vector', series: present };
}

/** countingFunctions: what is counted of the rows of a histogram but the first of a range. */
const countingFunctions: Readonly<Record<string, (column: HistogramColumn, row: number) => boolean>> = {
  changes: ({ starts, resets }, row) => resets[row] === 1 || starts[row + 1]! > starts[row]!,
  resets: ({ resets }, row) => resets[row] === 1,
};

function counted(
  context: Context,
  name: string,
  { labels, windows: { from, to } }: RangeSeries,
  column: HistogramColumn,
  grid: Grid,
): VectorSeries {
  const counts = countingFunctions[name]!;
  const result = floatSeries(labels, true, grid.count);
  for (let i = 0; i < grid.count; i++) {
    if (to[i]! <= from[i]!) continue;
    result.present[i] = 1;
    for (let row = from[i]! + 1; row < to[i]!; row++) if (counts(column, row)) result.values[i]!++;
    context.budget.work(to[i]! - from[i]!);
  }
  return result;
}

function dropsName(name: string, series: RangeSeries): boolean {
  return !Object.hasOwn(endFunctions, name) || series.dropName;
}

function ofFloats(
  context: Context,
  name: string,
  series: RangeSeries,
  range: RangeVector,
  scalars: readonly Float64Array[],
  grid: Grid,
): VectorSeries {
  const { samples, windows } = series;
  if (samples.kind === 'float' && Object.hasOwn(rateFunctions, name)) {
    const { lookbackMs } = context.settings;
    const { present, values } = rateFunctions[name]!(samples, windows, range, lookbackMs);
    return { labels: series.labels, dropName: true, present, values, histograms: null };
  }
  const result = floatSeries(series.labels, dropsName(name, series), grid.count);
  const reduce = floatFunctions[name]!;
  const args: number[] = scalars.map(() => 0);
  const window: FloatWindow = {
    times: samples.times,
    exactTimes: samples.kind === 'float' ? samples.exactTimes : samples.times,
    values: samples.kind === 'float' ? samples.values : samples.times,
    base: samples.kind === 'float' ? samples.base : 0,
    from: 0,
    to: 0,
    startMs: 0,
    endMs: 0,
    nowMs: 0,
    args,
  };
  for (let i = 0; i < grid.count; i++) {
    window.from = windows.from[i]!;
    window.to = windows.to[i]!;
    if (window.to <= window.from) continue;
    window.endMs = range.ends[i]!;
    window.startMs = window.endMs - range.rangeMs;
    window.nowMs = grid.times[i]!;
    for (let j = 0; j < scalars.length; j++) args[j] = scalars[j]![i]!;
    const value = reduce(window);
    context.budget.work(window.to - window.from);
    if (value === undefined) continue;
    result.present[i] = 1;
    result.values[i] = value;
  }
  return result;
}
