import type { HistogramConfig } from '@rezolus/core/histogram';

/** rowsPerChunk: snapshots that one chunk holds; also how finely the store forgets. */
export const rowsPerChunk = 64;

/** FloatCells: the values of one counter or gauge in a chunk, minus the base of the series. */
export interface FloatCells {
  readonly values: Float64Array;
  /** 1 where the snapshot had the series. */
  readonly present: Uint8Array;
}

/** HistogramCells: what one histogram gained in the rows of a chunk; the shape of a HistogramColumn. */
export interface HistogramCells {
  /** The whole state at the first row, so that a column can start with this chunk. */
  readonly state: SparseBuckets;
  readonly rows: number[];
  /** Where the entries of each row begin; one more than rows. */
  readonly starts: number[];
  readonly buckets: GrowingArray<Uint16Array>;
  readonly counts: GrowingArray<Float64Array>;
  readonly resets: number[];
}

/** SparseBuckets: the buckets in use, ascending. */
export interface SparseBuckets {
  readonly buckets: Uint16Array;
  readonly counts: Float64Array;
}

/** GrowingArray: a typed array that doubles. */
export class GrowingArray<T extends Uint16Array | Float64Array> {
  #items: T;
  length = 0;

  constructor(items: T) {
    this.#items = items;
  }

  push(value: number): void {
    if (this.length === this.#items.length) {
      const larger = new (this.#items.constructor as new (length: number) => T)(
        Math.max(16, 2 * this.length),
      );
      larger.set(this.#items);
      this.#items = larger;
    }
    this.#items[this.length++] = value;
  }

  /** items: what was pushed; a view that the next push may leave behind. */
  get items(): T {
    return this.#items.subarray(0, this.length) as T;
  }

  get byteLength(): number {
    return this.#items.byteLength;
  }
}

/** Chunk: a number of successive snapshots, by series. */
export class Chunk<Key> {
  readonly times = new Float64Array(rowsPerChunk);
  /** When the snapshots were really taken. */
  readonly exactTimes = new Float64Array(rowsPerChunk);
  rows = 0;
  readonly floats = new Map<Key, FloatCells>();
  readonly histograms = new Map<Key, HistogramCells>();
  bytes = rowsPerChunk * 16;

  /** addFloat: a value of the newest row. */
  addFloat(key: Key, value: number): void {
    let cells = this.floats.get(key);
    if (cells === undefined) {
      cells = { values: new Float64Array(rowsPerChunk), present: new Uint8Array(rowsPerChunk) };
      this.floats.set(key, cells);
      this.bytes += rowsPerChunk * 9 + 200;
    }
    cells.values[this.rows - 1] = value;
    cells.present[this.rows - 1] = 1;
  }

  /** addHistogram: what a histogram gained up to the newest row; `state` is asked for only at the first one. */
  addHistogram(key: Key, gained: SparseBuckets, isReset: boolean, state: () => SparseBuckets): void {
    let cells = this.histograms.get(key);
    if (cells === undefined) {
      cells = {
        state: state(),
        rows: [],
        starts: [0],
        buckets: new GrowingArray(new Uint16Array(0)),
        counts: new GrowingArray(new Float64Array(0)),
        resets: [],
      };
      this.histograms.set(key, cells);
      this.bytes += 600 + 10 * cells.state.buckets.length;
    }
    const before = cells.buckets.byteLength + cells.counts.byteLength;
    for (const bucket of gained.buckets) cells.buckets.push(bucket);
    for (const count of gained.counts) cells.counts.push(count);
    cells.rows.push(this.rows - 1);
    cells.starts.push(cells.buckets.length);
    cells.resets.push(Number(isReset));
    this.bytes += cells.buckets.byteLength + cells.counts.byteLength - before + 24;
  }

  get firstMs(): number {
    return this.times[0]!;
  }

  get lastMs(): number {
    return this.times[this.rows - 1]!;
  }

  get lastExactMs(): number {
    return this.exactTimes[this.rows - 1]!;
  }
}

/** HistogramTracker: turns cumulative states into gains. */
export class HistogramTracker {
  readonly config: HistogramConfig;
  #words: Uint32Array;

  constructor(config: HistogramConfig, buckets: number) {
    this.config = config;
    this.#words = new Uint32Array(2 * buckets);
  }

  get byteLength(): number {
    return this.#words.byteLength;
  }

  /** gain: what was added since the state before; where a bucket shrank, the whole new state and a reset. */
  gain(state: BigUint64Array): { gained: SparseBuckets; isReset: boolean } {
    // Most buckets do not change between two snapshots: words are compared, numbers made of the few that differ.
    const words = new Uint32Array(state.buffer, state.byteOffset, 2 * state.length);
    const before = this.#words;
    const buckets: number[] = [];
    const counts: number[] = [];
    let isReset = false;
    for (let i = 0; i < state.length; i++) {
      if (words[2 * i] === before[2 * i] && words[2 * i + 1] === before[2 * i + 1]) continue;
      const change = difference(words, before, i);
      if (change < 0) isReset = true;
      buckets.push(i);
      counts.push(change);
    }
    this.#words = words.slice();
    const gained = isReset
      ? sparse(state)
      : { buckets: Uint16Array.from(buckets), counts: Float64Array.from(counts) };
    return { gained, isReset };
  }
}

const high = 2 ** 32;

function difference(now: Uint32Array, before: Uint32Array, i: number): number {
  return (now[2 * i + 1]! - before[2 * i + 1]!) * high + (now[2 * i]! - before[2 * i]!);
}

/** sparse: the buckets in use. */
export function sparse(state: BigUint64Array): SparseBuckets {
  const words = new Uint32Array(state.buffer, state.byteOffset, 2 * state.length);
  const buckets: number[] = [];
  for (let i = 0; i < state.length; i++) if (words[2 * i] !== 0 || words[2 * i + 1] !== 0) buckets.push(i);
  const counts = Float64Array.from(buckets, (i) => words[2 * i + 1]! * high + words[2 * i]!);
  return { buckets: Uint16Array.from(buckets), counts };
}
