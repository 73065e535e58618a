import type { RangeReply } from '../../contract.ts';
import type { Window } from './zoom.ts';

/** LineSeries: one series of a lines answer. */
export type LineSeries = Extract<RangeReply, { kind: 'lines' }>['series'][number];

/** Cell: a value of an aligned column: null breaks the line, undefined lets it pass. */
type Cell = number | null | undefined;

/** Aligned: series over one time column, as uPlot wants them. */
export interface Aligned {
  readonly times: number[];
  readonly values: Cell[][];
  /** Per series the extremes of merged points; null where the series was not merged. */
  readonly envelopes: ({ readonly min: Cell[]; readonly max: Cell[] } | null)[];
  /** Per series the points that have a gap on both sides: no line shows them. */
  readonly isolated: number[][];
}

/** gapLimit: the longest Δt (ms) that a line crosses: 1.5 steps, where merged points are a merged step apart. */
export function gapLimit(series: LineSeries, step: number): number {
  if (series.min === undefined) return step * 1.5;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 1; i < series.times.length; i++) {
    least = Math.min(least, series.times[i]! - series.times[i - 1]!);
  }
  return Math.max(step, Number.isFinite(least) ? least : 0) * 1.5;
}

/** align: `all` over the union of their times. Lines break where two points are further apart than {@link gapLimit}. */
export function align(all: readonly LineSeries[], step: number): Aligned {
  const breaks = all.map((series) => breaksOf(series, gapLimit(series, step)));
  const times = unionOf([
    ...new Set(all.map((series) => series.times)),
    ...breaks.filter((b) => b.length > 0),
  ]);
  const index = new Map(times.map((time, i) => [time, i]));
  const spread = (series: LineSeries, column: Float64Array, gaps: readonly number[]): Cell[] => {
    const cells: Cell[] = new Array(times.length).fill(undefined);
    for (const gap of gaps) cells[index.get(gap)!] = null;
    for (let i = 0; i < column.length; i++) {
      cells[index.get(series.times[i]!)!] = Number.isFinite(column[i]) ? column[i] : null;
    }
    return cells;
  };
  const values = all.map((series, s) => spread(series, series.values, breaks[s]!));
  return {
    times,
    values,
    envelopes: all.map((series, s) =>
      series.min && series.max
        ? { min: spread(series, series.min, breaks[s]!), max: spread(series, series.max, breaks[s]!) }
        : null,
    ),
    isolated: values.map(isolatedOf),
  };
}

/** breaksOf: a time inside each gap. */
function breaksOf({ times }: LineSeries, limit: number): number[] {
  const breaks: number[] = [];
  for (let i = 1; i < times.length; i++) {
    if (times[i]! - times[i - 1]! > limit) breaks.push((times[i]! + times[i - 1]!) / 2);
  }
  return breaks;
}

function unionOf(columns: readonly ArrayLike<number>[]): number[] {
  if (columns.length === 1) return Array.from(columns[0]!);
  const union = new Set<number>();
  for (const column of columns) for (let i = 0; i < column.length; i++) union.add(column[i]!);
  return [...union].sort((a, b) => a - b);
}

function isolatedOf(cells: readonly Cell[]): number[] {
  const isolated: number[] = [];
  let before: Cell = null;
  let candidate = -1;
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i];
    if (cell === undefined) continue;
    if (cell === null && candidate >= 0) isolated.push(candidate);
    candidate = cell !== null && before === null ? i : -1;
    before = cell;
  }
  if (candidate >= 0) isolated.push(candidate);
  return isolated;
}

/** indexAt: the index of the time nearest to `at`; -1 for no times at all. `times` ascend. */
export function indexAt(times: ArrayLike<number>, at: number): number {
  let low = 0;
  let high = times.length - 1;
  if (high < 0) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= at) low = middle;
    else high = middle;
  }
  return at - times[low]! <= times[high]! - at ? low : high;
}

/** valueAt: the value of `series` at its point nearest to `at`, undefined where that is further than `reach` ms. */
export function valueAt(series: LineSeries, at: number, reach: number): number | undefined {
  const i = indexAt(series.times, at);
  if (i < 0 || Math.abs(series.times[i]! - at) > reach) return undefined;
  return Number.isFinite(series.values[i]) ? series.values[i] : undefined;
}

/** Summary: what a window of a series amounts to. `max` and `min` count merged points by their extremes. */
export interface Summary {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

/** summarize: the summary of what `series` shows in `window`, undefined where that is nothing. */
export function summarize(series: LineSeries, window: Window): Summary | undefined {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let n = 0;
  for (let i = 0; i < series.times.length; i++) {
    const value = series.values[i]!;
    if (series.times[i]! < window.min || series.times[i]! > window.max || !Number.isFinite(value)) continue;
    min = Math.min(min, series.min?.[i] ?? value);
    max = Math.max(max, series.max?.[i] ?? value);
    sum += value;
    n++;
  }
  return n === 0 ? undefined : { min, mean: sum / n, max };
}
