import type { RangeReply } from '../contract.ts';

type Buckets = Extract<RangeReply, { kind: 'buckets' }>;

/** LineSeries: one series of an answer, merged or not. */
export type LineSeries = Extract<RangeReply, { kind: 'lines' }>['series'][number];

/** Window: what a range query asked for, ms. */
export interface RangeWindow {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/**
 * mergeWidth: the width in ms of the cells that points are merged into so that `window` has at most `points` (2 or
 * more) of them: a multiple of the step. Cells are aligned to the epoch and their width follows from the length of the
 * window alone, so that a live chart does not flicker when its window moves on.
 */
export function mergeWidth({ startMs, endMs, stepMs }: RangeWindow, points: number): number {
  const steps = Math.floor((endMs - startMs) / stepMs);
  return Math.max(1, Math.ceil(steps / (points - 1))) * stepMs;
}

/**
 * lineMerger: merges series cell by cell into at most `points` points: the value is the mean of its cell, `min` and
 * `max` are the cell's extremes, the time is the middle of the cell's ticks. Cells without a value are left out.
 */
export function lineMerger(window: RangeWindow, points: number): (series: LineSeries) => LineSeries {
  const width = mergeWidth(window, points);
  // Ticks lie at startMs + k * stepMs: this is where the middle one of a cell is.
  const middle = (width - window.stepMs) / 2 + (window.startMs % window.stepMs);
  // Series of one time column share the merged one.
  const cells = new Map<Float64Array, Cells>();
  return ({ labels, times, values }) => {
    const known = cells.get(times) ?? cellsOf(times, width, middle);
    cells.set(times, known);
    return { labels, times: known.times, ...mergeValues(values, known.ends) };
  };
}

/** Cells: the time of each cell and the index after its last point. */
interface Cells {
  readonly times: Float64Array;
  readonly ends: Uint32Array;
}

function cellsOf(times: Float64Array, width: number, middle: number): Cells {
  const merged: number[] = [];
  const ends: number[] = [];
  for (let i = 0; i < times.length; ) {
    const cell = Math.floor(times[i]! / width);
    while (i < times.length && Math.floor(times[i]! / width) === cell) i++;
    merged.push(cell * width + middle);
    ends.push(i);
  }
  return { times: Float64Array.from(merged), ends: Uint32Array.from(ends) };
}

/** mergeValues: mean, min and max of each cell. NaN is a value only where its cell has no other. */
function mergeValues(
  values: Float64Array,
  ends: Uint32Array,
): { values: Float64Array; min: Float64Array; max: Float64Array } {
  const mean = new Float64Array(ends.length);
  const min = new Float64Array(ends.length).fill(Number.NaN);
  const max = new Float64Array(ends.length).fill(Number.NaN);
  let i = 0;
  for (let cell = 0; cell < ends.length; cell++) {
    let sum = 0;
    let n = 0;
    for (; i < ends[cell]!; i++) {
      const value = values[i]!;
      if (Number.isNaN(value)) continue;
      if (n === 0 || value < min[cell]!) min[cell] = value;
      if (n === 0 || value > max[cell]!) max[cell] = value;
      sum += value;
      n++;
    }
    mean[cell] = n === 0 ? Number.NaN : sum / n;
  }
  return { values: mean, min, max };
}

/** mergeBuckets: at most `points` columns; the counts of merged columns are summed. The time of a column is its last. */
export function mergeBuckets(reply: Buckets, points: number): Buckets {
  const factor = Math.ceil(reply.times.length / points);
  if (factor <= 1) return reply;
  const rowCount = reply.bounds.length;
  const sums = new Map<number, number>();
  for (let i = 0; i < reply.counts.length; i++) {
    const cell = Math.floor(reply.columns[i]! / factor) * rowCount + reply.rows[i]!;
    sums.set(cell, (sums.get(cell) ?? 0) + reply.counts[i]!);
  }
  const cells = Float64Array.from(sums.keys()).sort();
  const last = reply.times.length - 1;
  return {
    kind: 'buckets',
    times: Float64Array.from(
      { length: Math.ceil(reply.times.length / factor) },
      (_, i) => reply.times[Math.min(last, (i + 1) * factor - 1)]!,
    ),
    bounds: reply.bounds,
    columns: Uint32Array.from(cells, (cell) => Math.floor(cell / rowCount)),
    rows: Uint16Array.from(cells, (cell) => cell % rowCount),
    counts: Float64Array.from(cells, (cell) => sums.get(cell)!),
  };
}
