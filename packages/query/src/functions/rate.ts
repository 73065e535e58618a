import { Accumulator, type Histogram, RowSlider } from '../histogram.ts';
import type { HistogramColumn } from '../source.ts';
import type { FloatSamples, RangeVector, VectorSeries, Windows } from '../values.ts';
import type { FloatWindow } from './window.ts';

/**
 * extrapolation: by what to multiply the change between the first and the last sample to cover the range: up to 1.1
 * sample distances are filled at each end, more than that only by half a distance, and never below zero.
 * Prometheus, promql/functions.go, extrapolatedRate.
 */
function extrapolation(
  first: number,
  last: number,
  samples: number,
  window: Pick<FloatWindow, 'startMs' | 'endMs'>,
  toZero: number,
): number {
  const sampled = last - first;
  const average = sampled / (samples - 1);
  const threshold = average * 1.1;
  let before = first - window.startMs;
  let after = window.endMs - last;
  if (before >= threshold) before = average / 2;
  if (sampled * toZero < before) before = sampled * toZero;
  if (after >= threshold) after = average / 2;
  return (sampled + before + after) / sampled;
}

/**
 * SeriesFunction: reduces every window of one series of doubles. Values go to `scratch` where that is given; what it
 * returns may be shared and is not to be written.
 */
export type SeriesFunction = (
  samples: FloatSamples,
  windows: Windows,
  range: Pick<RangeVector, 'ends' | 'rangeMs'>,
  lookbackMs: number,
  scratch?: Float64Array,
) => Pick<VectorSeries, 'present' | 'values'>;

function change(isCounter: boolean, perSecond: boolean): SeriesFunction {
  return ({ exactTimes: times, values, base }, windows, { ends, rangeMs }, _lookbackMs, scratch) => {
    const present = new Uint8Array(ends.length);
    const results = scratch ?? new Float64Array(ends.length);
    // What resets took away between the first and the last sample of the window, kept up as it moves.
    let lost = 0;
    let [first, last] = [0, 0];
    const lostAt = (i: number) => (values[i]! < values[i - 1]! ? values[i - 1]! + base : 0);
    for (let step = 0; step < ends.length; step++) {
      const [from, to] = [windows.from[step]!, windows.to[step]!];
      if (to - from < 2) continue;
      if (isCounter) {
        if (from >= last || !Number.isFinite(lost)) [lost, first, last] = [0, from, from];
        for (; last < to - 1; last++) lost += lostAt(last + 1);
        for (; first < from; first++) lost -= lostAt(first + 1);
      }
      const result = values[to - 1]! - values[from]! + lost;
      const start = values[from]! + base;
      const toZero = isCounter && result > 0 && start >= 0 ? start / result : Number.POSITIVE_INFINITY;
      const window = { startMs: ends[step]! - rangeMs, endMs: ends[step]! };
      const factor = extrapolation(times[from]!, times[to - 1]!, to - from, window, toZero);
      present[step] = 1;
      results[step] = result * (perSecond ? factor / (rangeMs / 1000) : factor);
    }
    return { present, values: results };
  };
}

/** LastPairs: the newest two samples of each window; the same for all series that have their times in common. */
interface LastPairs {
  readonly exactTimes: Float64Array;
  readonly present: Uint8Array;
  /** Row of the newest sample where there are two. */
  readonly rows: Uint32Array;
  /** Time between the two, s. */
  readonly seconds: Float64Array;
}

const pairsOfWindows = new WeakMap<Windows, LastPairs>();

function lastPairs(
  { times, exactTimes }: FloatSamples,
  windows: Windows,
  ends: Float64Array,
  lookbackMs: number,
): LastPairs {
  const known = pairsOfWindows.get(windows);
  if (known !== undefined && isSameView(known.exactTimes, exactTimes)) return known;
  const present = new Uint8Array(ends.length);
  const rows = new Uint32Array(ends.length);
  const seconds = new Float64Array(ends.length);
  for (let step = 0; step < ends.length; step++) {
    const last = windows.to[step]! - 1;
    if (last <= windows.from[step]! || isOld(times[last]!, ends[step]!, lookbackMs)) continue;
    const elapsed = exactTimes[last]! - exactTimes[last - 1]!;
    if (!(elapsed > 0)) continue;
    present[step] = 1;
    rows[step] = last;
    seconds[step] = elapsed / 1000;
  }
  const pairs = { exactTimes, present, rows, seconds };
  pairsOfWindows.set(windows, pairs);
  return pairs;
}

function isSameView(a: Float64Array, b: Float64Array): boolean {
  return a.buffer === b.buffer && a.byteOffset === b.byteOffset && a.length === b.length;
}

function lastChange(isCounter: boolean, perSecond: boolean): SeriesFunction {
  return (samples, windows, { ends }, lookbackMs, scratch) => {
    const { values, base } = samples;
    const { present, rows, seconds } = lastPairs(samples, windows, ends, lookbackMs);
    const results = scratch ?? new Float64Array(ends.length);
    for (let step = 0; step < results.length; step++) {
      const row = rows[step]!;
      if (row === 0) continue;
      const before = values[row - 1]!;
      const now = values[row]!;
      const result = isCounter && now < before ? now + base : now - before;
      results[step] = perSecond ? result / seconds[step]! : result;
    }
    return { present, values: results };
  };
}

/**
 * The change between the last two samples says nothing about now once the series is no longer there: in a recording a
 * cgroup that ended would keep its last rate for the whole range.
 */
function isOld(lastMs: number, endMs: number, lookbackMs: number): boolean {
  return lastMs < endMs - lookbackMs;
}

/** rateFunctions: change over a range, of doubles. */
export const rateFunctions: Readonly<Record<string, SeriesFunction>> = {
  rate: change(true, true),
  increase: change(true, false),
  delta: change(false, false),
  irate: lastChange(true, true),
  idelta: lastChange(false, false),
};

/** HistogramFunction: reduces each window of a histogram in time. */
export type HistogramFunction = (
  column: HistogramColumn,
  windows: Windows,
  range: Pick<RangeVector, 'ends' | 'rangeMs'>,
  lookbackMs: number,
) => (Histogram | undefined)[];

function histogramChange(perSecond: boolean): HistogramFunction {
  return (column, { from, to }, { ends, rangeMs }) => {
    const accumulator = new Accumulator(column.config);
    const slider = new RowSlider(column, accumulator);
    const totals = observations(column);
    const times = column.exactTimes ?? column.times;
    return Array.from(ends, (endMs, i) => {
      const [first, end] = [from[i]!, to[i]!];
      if (end - first < 2) return undefined;
      // The entries of a row that follows a reset are its whole state: just what a counter that restarted adds.
      slider.moveTo(first + 1, end);
      let added = 0;
      for (let bucket = accumulator.low; bucket <= accumulator.high; bucket++)
        added += accumulator.dense[bucket]!;
      const window = { startMs: endMs - rangeMs, endMs };
      const toZero = added > 0 ? totals[first]! / added : Number.POSITIVE_INFINITY;
      const [start, last] = [times[first]!, times[end - 1]!];
      const factor = extrapolation(start, last, end - first, window, toZero);
      return accumulator.snapshot(perSecond ? factor / (rangeMs / 1000) : factor);
    });
  };
}

/** observations: how many observations a histogram has had at each row. */
function observations(column: HistogramColumn): Float64Array {
  const totals = new Float64Array(column.times.length);
  let total = 0;
  for (let row = 0; row < totals.length; row++) {
    if (column.resets[row] === 1) total = 0;
    for (let i = column.starts[row]!; i < column.starts[row + 1]!; i++) total += column.counts[i]!;
    totals[row] = total;
  }
  return totals;
}

const histogramIrate: HistogramFunction = (column, { from, to }, { ends }, lookbackMs) => {
  const times = column.exactTimes ?? column.times;
  return Array.from(ends, (endMs, i) => {
    const row = to[i]! - 1;
    if (to[i]! - from[i]! < 2 || isOld(column.times[row]!, endMs, lookbackMs)) return undefined;
    const elapsed = (times[row]! - times[row - 1]!) / 1000;
    if (elapsed === 0) return undefined;
    const [start, end] = [column.starts[row]!, column.starts[row + 1]!];
    return {
      config: column.config,
      buckets: column.buckets.subarray(start, end),
      counts: column.counts.subarray(start, end).map((count) => count / elapsed),
    };
  });
};

/** rateHistogramFunctions: change over a range, of histograms. */
export const rateHistogramFunctions: Readonly<Record<string, HistogramFunction>> = {
  rate: histogramChange(true),
  increase: histogramChange(false),
  irate: histogramIrate,
};
