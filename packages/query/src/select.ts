import type { MatrixSelector, Shift, VectorSelector } from './ast.ts';
import type { Context } from './context.ts';
import { durationMs, positiveMs } from './duration.ts';
import { statesAt } from './histogram.ts';
import type { FloatColumn, HistogramColumn } from './source.ts';
import {
  type FloatSamples,
  floatSeries,
  type Grid,
  histogramSeries,
  type RangeSeries,
  type RangeVector,
  type VectorSeries,
  type VectorValue,
  type Windows,
} from './values.ts';

/** shiftedTimes: the times a selector looks at when `offset` and `@` are applied. */
export function shiftedTimes(context: Pick<Context, 'query'>, shift: Shift, grid: Grid): Float64Array {
  const offset = shift.offset === null ? 0 : durationMs(shift.offset, context.query);
  if (shift.at === null) return offset === 0 ? grid.times : grid.times.map((time) => time - offset);
  return new Float64Array(grid.count).fill(atTime(context, shift.at) - offset);
}

function atTime(context: Pick<Context, 'query'>, at: number | 'start' | 'end'): number {
  if (at === 'start') return context.query.startMs;
  return at === 'end' ? context.query.endMs : Math.round(at * 1000);
}

/** PerTimes: computes something once for all columns that share their times, be it as views of one buffer. */
export class PerTimes<T> {
  readonly #known = new Map<ArrayBufferLike, Map<string, T>>();

  get(times: Float64Array, compute: () => T): T {
    let views = this.#known.get(times.buffer);
    if (views === undefined) {
      views = new Map();
      this.#known.set(times.buffer, views);
    }
    const key = `${times.byteOffset}+${times.length}`;
    let value = views.get(key);
    if (value === undefined) {
      value = compute();
      views.set(key, value);
    }
    return value;
  }
}

/** firstAfter: position of the first time above `time` at or after `from`; gallops, then bisects. */
export function firstAfter(times: Float64Array, time: number, from: number): number {
  let low = from;
  let stride = 1;
  while (low + stride <= times.length && times[low + stride - 1]! <= time) {
    low += stride;
    stride *= 2;
  }
  let high = Math.min(low + stride - 1, times.length);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** instantVector: each matching series at each time: its newest sample that is younger than the lookback. */
export function instantVector(context: Context, selector: VectorSelector, grid: Grid): VectorValue {
  const times = shiftedTimes(context, selector, grid);
  const series = sampleRows(context, selector, times).map(({ labels, column, rows }) => {
    context.budget.allocate(grid.count);
    return column.kind === 'histogram' ? histogramsAt(labels, column, rows) : floatsAt(labels, column, rows);
  });
  return { type: 'vector', series: series.filter(isPresent) };
}

/** sampleTimes: like {@link instantVector}, but the value of a sample is its own time in seconds. */
export function sampleTimes(context: Context, selector: VectorSelector, grid: Grid): VectorValue {
  const times = shiftedTimes(context, selector, grid);
  const stamped = sampleRows(context, selector, times).map(({ labels, column, rows }) => {
    context.budget.allocate(grid.count);
    const result = floatSeries(labels, true, grid.count);
    rows.forEach((row, i) => {
      if (row < 0) return;
      result.present[i] = 1;
      result.values[i] = column.times[row]! / 1000;
    });
    return result;
  });
  return { type: 'vector', series: stamped.filter(isPresent) };
}

function isPresent(series: VectorSeries): boolean {
  return series.present.includes(1);
}

function sampleRows(context: Context, selector: VectorSelector, times: Float64Array) {
  const { budget, settings } = context;
  const rowsOfTimes = new PerTimes<Int32Array>();
  return (context.selected.get(selector) ?? []).map(({ labels, column }) => {
    let rows = rowsOfTimes.get(column.times, () => {
      budget.work(times.length);
      return newestRows(column.times, times, settings.lookbackMs);
    });
    const stale = column.kind === 'histogram' ? undefined : column.stale;
    if (stale !== undefined) rows = rows.map((row) => (row >= 0 && stale[row] === 1 ? -1 : row));
    return { labels, column, rows };
  });
}

function newestRows(sampled: Float64Array, times: Float64Array, lookbackMs: number): Int32Array {
  const rows = new Int32Array(times.length);
  let after = 0;
  for (let i = 0; i < times.length; i++) {
    const time = times[i]!;
    after = firstAfter(sampled, time, after);
    rows[i] = after > 0 && sampled[after - 1]! > time - lookbackMs ? after - 1 : -1;
  }
  return rows;
}

function floatsAt(labels: VectorSeries['labels'], column: FloatColumn, rows: Int32Array): VectorSeries {
  const series = floatSeries(labels, false, rows.length);
  const base = Number(column.base);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (row < 0) continue;
    series.present[i] = 1;
    series.values[i] = base === 0 ? column.values[row]! : column.values[row]! + base;
  }
  return series;
}

function histogramsAt(
  labels: VectorSeries['labels'],
  column: HistogramColumn,
  rows: Int32Array,
): VectorSeries {
  const series = histogramSeries(labels, false, rows.length);
  statesAt(column, rows).forEach((state, i) => {
    if (state === undefined) return;
    series.present[i] = 1;
    series.histograms[i] = state;
  });
  return series;
}

/** rangeVector: each matching series with the samples in (time - range, time] for each time. */
export function rangeVector(context: Context, matrix: MatrixSelector, grid: Grid): RangeVector {
  const ends = shiftedTimes(context, matrix.selector, grid);
  const rangeMs = positiveMs(matrix.range, context.query);
  const windowsOfTimes = new PerTimes<Windows>();
  const series = (context.selected.get(matrix.selector) ?? []).map(({ labels, column }): RangeSeries => {
    const samples = column.kind === 'histogram' ? column : floatSamples(column);
    const windows = windowsOfTimes.get(samples.times, () => {
      context.budget.work(2 * ends.length);
      return windowsOf(samples.times, ends, rangeMs);
    });
    return { labels, dropName: false, samples, windows };
  });
  return { series, ends, rangeMs };
}

/** windowsOf: the samples in (end - range, end] for each of the ascending ends. */
export function windowsOf(times: Float64Array, ends: Float64Array, rangeMs: number): Windows {
  const from = new Uint32Array(ends.length);
  const to = new Uint32Array(ends.length);
  let first = 0;
  let last = 0;
  for (let i = 0; i < ends.length; i++) {
    first = firstAfter(times, ends[i]! - rangeMs, first);
    last = firstAfter(times, ends[i]!, Math.max(last, first));
    from[i] = first;
    to[i] = last;
  }
  return { from, to };
}

const samplesOfColumn = new WeakMap<FloatColumn, FloatSamples>();

function floatSamples(column: FloatColumn): FloatSamples {
  let samples = samplesOfColumn.get(column);
  if (samples === undefined) {
    const { times, exactTimes = times, stale } = column;
    const keep = (array: Float64Array) =>
      stale?.includes(1) ? array.filter((_, row) => stale[row] !== 1) : array;
    samples = {
      kind: 'float',
      times: keep(times),
      exactTimes: keep(exactTimes),
      values: keep(column.values),
      base: Number(column.base),
    };
    samplesOfColumn.set(column, samples);
  }
  return samples;
}
