import type { Call, LabelMatcher } from '../ast.ts';
import { unparen } from '../ast.ts';
import type { Context } from '../context.ts';
import { compareLabels, type LabelSet, nameLabel, withLabel } from '../labels.ts';
import { executionError } from '../position.ts';
import {
  floatSeries,
  type Grid,
  type RangeVector,
  type Value,
  type VectorSeries,
  type VectorValue,
} from '../values.ts';
import { histogramFunctions } from './histogram.ts';
import { labelJoin, labelReplace, sortByLabel } from './labels.ts';
import { type MathFunction, mathFunctions, scalarFunctions, timeFunctions } from './math.ts';
import { histogramFraction, histogramQuantile, histogramQuantiles } from './quantile.ts';
import { isRangeFunction, overRange } from './range.ts';

/** Argument: a value, or a range vector where the function takes one. */
export type Argument = Value | RangeVector;

/** callFunction: a function of evaluated arguments; the parser has checked their number and types. */
export function callFunction(context: Context, call: Call, args: readonly Argument[], grid: Grid): Value {
  const scalars = args.flatMap((arg) => ('type' in arg && arg.type === 'scalar' ? [arg.values] : []));
  const range = args.find((arg): arg is RangeVector => !('type' in arg));
  const given = args.find((arg): arg is VectorValue => 'type' in arg && arg.type === 'vector');
  const vector = given ?? { type: 'vector', series: [] };
  const { name } = call;
  if (range !== undefined && isRangeFunction(name)) return overRange(context, call, range, scalars, grid);
  if (Object.hasOwn(mathFunctions, name))
    return mapValues(context, mathFunctions[name]!, vector, scalars, name);
  if (Object.hasOwn(timeFunctions, name)) {
    const now = given ?? { type: 'vector', series: [constantSeries(secondsOf(grid))] };
    return mapValues(context, timeFunctions[name]!, now, [], name);
  }
  if (Object.hasOwn(scalarFunctions, name)) {
    const [a, b] = [scalars[0]!, scalars[1]!];
    return { type: 'scalar', values: a.map((value, i) => scalarFunctions[name]!(value, b[i]!)) };
  }
  if (Object.hasOwn(histogramFunctions, name)) return ofHistograms(context, name, vector);
  switch (name) {
    case 'absent':
      return absent(call, presence(vector.series, grid.count));
    case 'absent_over_time':
      return absent(call, rangePresence(range!, grid.count));
    case 'scalar':
      return { type: 'scalar', values: onlyValue(vector, grid.count) };
    case 'vector':
      return { type: 'vector', series: [constantSeries(scalars[0]!)] };
    case 'time':
      return { type: 'scalar', values: secondsOf(grid) };
    case 'timestamp':
      return stamped(vector, grid);
    case 'pi':
      return constant(Math.PI, grid);
    case 'step':
      return constant(context.query.stepMs / 1000, grid);
    case 'range':
      return constant((context.query.endMs - context.query.startMs) / 1000, grid);
    case 'start':
      return constant(context.query.startMs / 1000, grid);
    case 'end':
      return constant(context.query.endMs / 1000, grid);
    case 'sort':
    case 'sort_desc':
    case 'sort_by_label':
    case 'sort_by_label_desc':
      return sort(context, call, vector);
    case 'label_replace':
      return labelReplace(call, vector);
    case 'label_join':
      return labelJoin(call, vector);
    case 'histogram_quantile':
      return histogramQuantile(context, call, scalars[0]!, vector, grid);
    case 'histogram_quantiles':
      return histogramQuantiles(context, call, scalars, vector, grid);
    case 'histogram_fraction':
      return histogramFraction(context, call, scalars[0]!, scalars[1]!, vector, grid);
    default:
      throw executionError(`the function ${name} cannot be evaluated`);
  }
}

function constant(value: number, grid: Grid): Value {
  return { type: 'scalar', values: new Float64Array(grid.count).fill(value) };
}

function secondsOf(grid: Grid): Float64Array {
  return grid.times.map((time) => time / 1000);
}

function constantSeries(values: Float64Array, labels: LabelSet = []): VectorSeries {
  return { ...floatSeries(labels, false, 0), values, present: new Uint8Array(values.length).fill(1) };
}

/** Maps every double; histograms have no such functions and are left out. */
function mapValues(
  context: Context,
  map: MathFunction,
  vector: VectorValue,
  scalars: readonly Float64Array[],
  name: string,
): VectorValue {
  const args: number[] = [];
  const series = vector.series.flatMap((each) => {
    if (each.histograms !== null) return [];
    const count = each.present.length;
    context.budget.allocate(count);
    const result = floatSeries(each.labels, true, count);
    for (let i = 0; i < count; i++) {
      if (each.present[i] === 0) continue;
      for (let j = 0; j < scalars.length; j++) args[j] = scalars[j]![i]!;
      if (name === 'clamp' && args[0]! > args[1]!) continue;
      result.present[i] = 1;
      result.values[i] = map(each.values[i]!, args);
    }
    return [result];
  });
  return { type: 'vector', series };
}

function ofHistograms(context: Context, name: string, vector: VectorValue): VectorValue {
  const reduce = histogramFunctions[name]!;
  const series = vector.series.flatMap((each) => {
    if (each.histograms === null) return [];
    context.budget.allocate(each.present.length);
    const result = floatSeries(each.labels, true, each.present.length);
    each.histograms.forEach((histogram, i) => {
      if (histogram === undefined) return;
      result.present[i] = 1;
      result.values[i] = reduce(histogram);
    });
    return [result];
  });
  return { type: 'vector', series };
}

/** presence: whether any of the series has a sample, per time. */
function presence(series: readonly VectorSeries[], count: number): Uint8Array {
  const present = new Uint8Array(count);
  for (const each of series) for (let i = 0; i < count; i++) present[i]! |= each.present[i]!;
  return present;
}

function rangePresence(range: RangeVector, count: number): Uint8Array {
  const present = new Uint8Array(count);
  for (const { windows } of range.series)
    for (let i = 0; i < count; i++) if (windows.to[i]! > windows.from[i]!) present[i] = 1;
  return present;
}

/** 1 where nothing is present, labelled with what the selector asked for. */
function absent(call: Call, present: Uint8Array): VectorValue {
  const argument = unparen(call.args[0]!);
  const selector = argument.kind === 'matrix' ? argument.selector : argument;
  const matchers: readonly LabelMatcher[] = selector.kind === 'selector' ? selector.matchers : [];
  const seen = new Set<string>();
  let labels: LabelSet = [];
  for (const { name, op, value } of matchers) {
    if (name === nameLabel) continue;
    labels = withLabel(labels, name, op === '=' && !seen.has(name) ? value : '');
    if (op === '=') seen.add(name);
  }
  if (!present.includes(0)) return { type: 'vector', series: [] };
  const series = floatSeries(labels, false, present.length);
  present.forEach((there, i) => {
    series.present[i] = 1 - there;
    series.values[i] = 1;
  });
  return { type: 'vector', series: [series] };
}

/** The value of the only series with a double at each time, else NaN. */
function onlyValue(vector: VectorValue, count: number): Float64Array {
  const values = new Float64Array(count).fill(Number.NaN);
  const found = new Uint8Array(count);
  for (const each of vector.series) {
    if (each.histograms !== null) continue;
    for (let i = 0; i < count; i++) {
      if (each.present[i] === 0) continue;
      values[i] = found[i] === 0 ? each.values[i]! : Number.NaN;
      found[i] = 1;
    }
  }
  return values;
}

function stamped(vector: VectorValue, grid: Grid): VectorValue {
  const seconds = secondsOf(grid);
  const series = vector.series.map((each) => ({
    ...each,
    values: seconds,
    histograms: null,
    dropName: true,
  }));
  return { type: 'vector', series };
}

function sort(context: Context, call: Call, vector: VectorValue): VectorValue {
  if (!context.instant)
    context.annotations.warn(
      'sort is ineffective for range queries since results are always ordered by labels',
      call,
    );
  if (call.name.startsWith('sort_by_label')) return sortByLabel(call, vector, compareLabels);
  const sign = call.name === 'sort_desc' ? -1 : 1;
  const last = (each: VectorSeries) => each.values[each.values.length - 1]!;
  const series = vector.series
    .filter((each) => each.histograms === null)
    .sort((a, b) => compareNumbers(last(a), last(b), sign) || compareLabels(a.labels, b.labels));
  return { type: 'vector', series, ordered: true };
}

/** NaN goes to the end in either direction. */
function compareNumbers(a: number, b: number, sign: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : sign * (a < b ? -1 : 1);
}
