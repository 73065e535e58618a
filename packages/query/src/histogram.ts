import {
  bucketBounds,
  bucketCount,
  bucketIndex,
  bucketLower,
  type HistogramConfig,
} from '@rezolus/core/histogram';
import { executionError } from './position.ts';
import type { HistogramColumn } from './source.ts';

/** Histogram: the buckets in use of an H2 histogram, ascending. Counts may be fractions (rates). */
export interface Histogram {
  readonly config: HistogramConfig;
  readonly buckets: Uint16Array;
  readonly counts: Float64Array;
}

/** Shape: what is known of each bucket of a shape, as doubles; shared and not to be written. */
export interface Shape {
  /** Smallest value. */
  readonly starts: Float64Array;
  /** Smallest value of the next bucket. */
  readonly ends: Float64Array;
  /** Largest value: what the original reports as a quantile. */
  readonly largest: Float64Array;
  /** Halfway between smallest and largest: what an observation is taken to be in means and sums. */
  readonly middles: Float64Array;
}

const shapes = new Map<string, Shape>();

/** shapeOf: the buckets of a shape. Throws REZ_ERR_QUERY_EXECUTION above 65,536 of them. */
export function shapeOf(config: HistogramConfig): Shape {
  const key = `${config.groupingPower}/${config.maxValuePower}`;
  let shape = shapes.get(key);
  if (shape === undefined) {
    const count = bucketCount(config);
    if (!(count <= 65_536)) throw executionError('a histogram has more than 65,536 buckets');
    const ends = bucketBounds(config);
    const starts = Float64Array.from({ length: count }, (_, i) => Number(bucketLower(i, config)));
    const largest = ends.map((end) => end - 1);
    const middles = starts.map((start, i) => (start + largest[i]!) / 2);
    shape = { starts, ends, largest, middles };
    shapes.set(key, shape);
  }
  return shape;
}

/** commonConfig: the finest shape that both can be brought to without splitting a bucket. */
export function commonConfig(a: HistogramConfig, b: HistogramConfig): HistogramConfig {
  if (a.groupingPower === b.groupingPower && a.maxValuePower === b.maxValuePower) return a;
  return {
    groupingPower: Math.min(a.groupingPower, b.groupingPower),
    maxValuePower: Math.max(a.maxValuePower, b.maxValuePower),
  };
}

const mapCache = new Map<string, Uint16Array | null>();

/** bucketMap: where the buckets of `from` lie in the coarser shape `to`; null where they lie the same. */
export function bucketMap(from: HistogramConfig, to: HistogramConfig): Uint16Array | null {
  if (from.groupingPower === to.groupingPower) return null;
  const key = `${from.groupingPower}/${from.maxValuePower}>${to.groupingPower}/${to.maxValuePower}`;
  let map = mapCache.get(key);
  if (map === undefined) {
    map = Uint16Array.from({ length: bucketCount(from) }, (_, i) => bucketIndex(bucketLower(i, from), to));
    mapCache.set(key, map);
  }
  return map ?? null;
}

/** Accumulator: a dense histogram to add sparse ones to; remembers the range of buckets it touched. */
export class Accumulator {
  readonly config: HistogramConfig;
  readonly dense: Float64Array;
  low: number;
  high = -1;

  constructor(config: HistogramConfig) {
    this.config = config;
    this.dense = new Float64Array(shapeOf(config).starts.length);
    this.low = this.dense.length;
  }

  /** add: entries `from .. to` of parallel arrays, times `factor`. Bucket numbers beyond the shape are ignored. */
  add(
    buckets: Uint16Array,
    counts: Float64Array,
    from: number,
    to: number,
    factor: number,
    map: Uint16Array | null,
  ): void {
    const { dense } = this;
    for (let i = from; i < to; i++) {
      const bucket = map === null ? buckets[i]! : map[buckets[i]!]!;
      if (!(bucket < dense.length)) continue;
      dense[bucket]! += counts[i]! * factor;
      if (bucket < this.low) this.low = bucket;
      if (bucket > this.high) this.high = bucket;
    }
  }

  /** addHistogram: a sparse histogram times `factor`. */
  addHistogram(histogram: Histogram, factor: number): void {
    const { buckets, counts, config } = histogram;
    this.add(buckets, counts, 0, buckets.length, factor, bucketMap(config, this.config));
  }

  /** clear: empties all buckets. */
  clear(): void {
    if (this.high >= 0) this.dense.fill(0, this.low, this.high + 1);
    this.low = this.dense.length;
    this.high = -1;
  }

  /** snapshot: the buckets in use times `factor`. */
  snapshot(factor = 1): Histogram {
    let used = 0;
    for (let i = this.low; i <= this.high; i++) if (this.dense[i] !== 0) used++;
    const buckets = new Uint16Array(used);
    const counts = new Float64Array(used);
    for (let i = this.low, at = 0; i <= this.high; i++) {
      const count = this.dense[i]!;
      if (count === 0) continue;
      buckets[at] = i;
      counts[at++] = count * factor;
    }
    return { config: this.config, buckets, counts };
  }
}

/** RowSlider: keeps in an accumulator what a moving range of a column's rows adds up to. */
export class RowSlider {
  readonly #column: HistogramColumn;
  readonly #accumulator: Accumulator;
  readonly #map: Uint16Array | null;
  #from = 0;
  #to = 0;

  constructor(column: HistogramColumn, accumulator: Accumulator) {
    this.#column = column;
    this.#accumulator = accumulator;
    this.#map = bucketMap(column.config, accumulator.config);
  }

  /** moveTo: rows `from .. to`; neither may go back. Returns how many entries were touched. */
  moveTo(from: number, to: number): number {
    if (from >= this.#to) {
      const touched = this.#apply(this.#from, this.#to, -1) + this.#apply(from, to, 1);
      this.#from = from;
      this.#to = Math.max(from, to);
      return touched;
    }
    const touched = this.#apply(this.#from, from, -1) + this.#apply(this.#to, to, 1);
    this.#from = from;
    this.#to = Math.max(this.#to, to);
    return touched;
  }

  #apply(from: number, to: number, sign: number): number {
    if (to <= from) return 0;
    const { starts, buckets, counts } = this.#column;
    this.#accumulator.add(buckets, counts, starts[from]!, starts[to]!, sign, this.#map);
    return starts[to]! - starts[from]!;
  }
}

/** statesAt: the state of a column at each of the ascending rows (-1 = none); equal rows share one object. */
export function statesAt(column: HistogramColumn, rows: ArrayLike<number>): (Histogram | undefined)[] {
  const accumulator = new Accumulator(column.config);
  const { starts, buckets, counts, resets } = column;
  const states = new Array<Histogram | undefined>(rows.length);
  let next = 0;
  let last: Histogram | undefined;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (row < 0) continue;
    const isNew = next <= row || last === undefined;
    for (; next <= row; next++) {
      if (resets[next] === 1) accumulator.clear();
      accumulator.add(buckets, counts, starts[next]!, starts[next + 1]!, 1, null);
    }
    if (isNew) last = accumulator.snapshot();
    states[i] = last;
  }
  return states;
}

/** columnOf: histograms in time as a column; a bucket that shrinks is a reset. */
export function columnOf(times: Float64Array, states: readonly Histogram[]): HistogramColumn {
  const config = states.map((state) => state.config).reduce(commonConfig);
  const buckets: number[] = [];
  const counts: number[] = [];
  const starts = new Uint32Array(states.length + 1);
  const resets = new Uint8Array(states.length);
  const change = new Accumulator(config);
  states.forEach((state, row) => {
    const before = states[row - 1];
    change.clear();
    change.addHistogram(state, 1);
    if (before !== undefined) change.addHistogram(before, -1);
    let delta = change.snapshot();
    if (delta.counts.some((count) => count < 0)) {
      resets[row] = 1;
      change.clear();
      change.addHistogram(state, 1);
      delta = change.snapshot();
    }
    buckets.push(...delta.buckets);
    counts.push(...delta.counts);
    starts[row + 1] = buckets.length;
  });
  return {
    kind: 'histogram',
    times,
    starts,
    buckets: Uint16Array.from(buckets),
    counts: Float64Array.from(counts),
    resets,
    config,
  };
}
