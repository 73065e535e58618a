import type { RangeReply } from '../../contract.ts';
import { gapLimit, type LineSeries } from './series.ts';
import type { Window } from './zoom.ts';

/** Buckets: a histogram in time. */
export type Buckets = Extract<RangeReply, { kind: 'buckets' }>;

/** Raster: values of a grid of cells, row by row from the top; NaN = nothing there. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
  /** The extremes of `values`, both 0 where there is nothing. */
  readonly min: number;
  readonly max: number;
}

function emptyRaster(width: number, height: number): Float32Array {
  return new Float32Array(width * height).fill(Number.NaN);
}

function finish(values: Float32Array, width: number, height: number): Raster {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return min <= max ? { width, height, values, min, max } : { width, height, values, min: 0, max: 0 };
}

/**
 * deviceRaster: one row per series, `width` columns over `window`. A point fills half a step to both sides; where
 * several share a column the largest stays, so that no spike is lost.
 */
export function deviceRaster(
  rows: readonly LineSeries[],
  window: Window,
  step: number,
  width: number,
): Raster {
  const values = emptyRaster(width, rows.length);
  const perMs = width / (window.max - window.min);
  rows.forEach((series, row) => {
    const half = gapLimit(series, step) / 3;
    const { times } = series;
    for (let i = 0; i < times.length; i++) {
      const value = series.max?.[i] ?? series.values[i]!;
      const from = Math.max(0, Math.floor((times[i]! - half - window.min) * perMs));
      const to = Math.min(width, Math.max(from + 1, Math.floor((times[i]! + half - window.min) * perMs)));
      for (let x = from; x < to; x++) {
        const at = row * width + x;
        if (!(values[at]! >= value)) values[at] = value;
      }
    }
  });
  return finish(values, width, rows.length);
}

/** bucketLow: the lower end of bucket `row`; where that is 0 or unknown, a value that a logarithmic axis can show. */
export function bucketLow(bounds: Float64Array, row: number): number {
  const below = row > 0 ? bounds[row - 1]! : 0;
  return below > 0 ? below : (bounds[row] ?? 1) / 2;
}

/**
 * columnWidth: the time in ms that a column of `buckets` stands for, ending at its time: a low one of the distances
 * between columns, as columns without events are missing and the last one may be cut short.
 */
export function columnWidth(buckets: Buckets, step: number): number {
  const { times } = buckets;
  if (times.length < 2) return step;
  const distances = times.subarray(1).map((time, i) => time - times[i]!);
  distances.sort();
  return Math.max(step, distances[Math.floor(distances.length * 0.1)]!);
}

/** bucketRange: the values that the buckets filled in `window` span, or null where none is. */
export function bucketRange(buckets: Buckets, window: Window): { low: number; high: number } | null {
  let first = Number.POSITIVE_INFINITY;
  let last = -1;
  for (let i = 0; i < buckets.counts.length; i++) {
    const time = buckets.times[buckets.columns[i]!]!;
    if (time < window.min || time > window.max || !(buckets.counts[i]! > 0)) continue;
    first = Math.min(first, buckets.rows[i]!);
    last = Math.max(last, buckets.rows[i]!);
  }
  return last < 0 ? null : { low: bucketLow(buckets.bounds, first), high: buckets.bounds[last]! };
}

/**
 * bucketRaster: counts over `window` and the values `low`..`high` (logarithmic, high on top). Counts of buckets that
 * share a cell are summed.
 */
export function bucketRaster(
  buckets: Buckets,
  window: Window,
  { low, high }: { readonly low: number; readonly high: number },
  step: number,
  width: number,
  height: number,
): Raster {
  const values = emptyRaster(width, height);
  const perMs = width / (window.max - window.min);
  const perLog = height / Math.log(high / low);
  const y = (value: number) => Math.floor(height - Math.log(value / low) * perLog);
  const span = columnWidth(buckets, step);
  for (let i = 0; i < buckets.counts.length; i++) {
    const end = buckets.times[buckets.columns[i]!]!;
    const row = buckets.rows[i]!;
    const begin = Math.max(end - span, buckets.times[buckets.columns[i]! - 1] ?? 0);
    const from = Math.max(0, Math.floor((begin - window.min) * perMs));
    const to = Math.min(width, Math.max(from + 1, Math.floor((end - window.min) * perMs)));
    const top = Math.max(0, y(buckets.bounds[row]!));
    const bottom = Math.min(height, Math.max(top + 1, y(bucketLow(buckets.bounds, row))));
    for (let line = top; line < bottom; line++) {
      for (let x = from; x < to; x++) {
        const at = line * width + x;
        values[at] = (values[at]! || 0) + buckets.counts[i]!;
      }
    }
  }
  return finish(values, width, height);
}

/** colorize: pixels of `raster`: a value's place between `low` and `high` (by log1p where `log`) in `table`. */
export function colorize(
  raster: Raster,
  table: Uint32Array,
  low: number,
  high: number,
  log: boolean,
): Uint32Array<ArrayBuffer> {
  const place = log ? Math.log1p : (value: number) => value;
  const first = place(low);
  const scale = 255 / (place(high) - first || 1);
  const pixels = new Uint32Array(raster.values.length);
  for (let i = 0; i < pixels.length; i++) {
    const value = raster.values[i]!;
    if (Number.isNaN(value)) continue;
    pixels[i] = table[Math.max(0, Math.min(255, Math.round((place(value) - first) * scale)))]!;
  }
  return pixels;
}
