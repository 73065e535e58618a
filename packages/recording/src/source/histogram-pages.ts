import type { DataPage } from '../parquet/page-reader.ts';
import type { HistogramData } from '../reader/data.ts';

/** Definition levels of a row that is null and of a row without buckets. */
const nullRow = 0;
const emptyRow = 1;
const value = 3;

/** Increments: what was added to the buckets of a histogram from row to row; see HistogramColumn. */
export interface Increments {
  /** Rows that are there, counted from the first row of the row group. */
  readonly rows: Uint32Array;
  readonly starts: Uint32Array;
  readonly buckets: Uint16Array;
  readonly counts: Float64Array;
  readonly resets: Uint8Array;
  readonly first: State | null;
  readonly last: State | null;
}

/** State: the non-empty buckets of one row, and their cumulative counts as low and high halves. */
export interface State {
  readonly buckets: Uint16Array;
  readonly words: Uint32Array;
}

/**
 * IncrementBuilder: makes increments of cumulative rows, comparing each with the one before where it stands in the page:
 * most buckets do not change from row to row.
 */
export class IncrementBuilder {
  readonly #width: number;
  readonly #kept: Uint8Array | null;
  /** The newest state, all buckets. */
  readonly #state: Uint32Array;
  readonly #rows: Uint32Array;
  readonly #starts: Uint32Array;
  readonly #resets: Uint8Array;
  #used = 0;
  #count = 0;
  #first: State | null = null;
  /** The row that is being read, and how many of its buckets were. */
  #row = -1;
  #position = 0;
  #open = false;
  #shrank = false;
  /** Buckets of the row before. */
  #length = 0;
  /** No bucket of the state outside of these is in use. */
  #low = 0;
  #high = 0;

  /** `kept` has a byte per row of the group, 0 = to be left out. */
  constructor(rows: number, width: number, kept: Uint8Array | null) {
    this.#width = width;
    this.#kept = kept;
    this.#state = new Uint32Array(2 * width);
    this.#rows = new Uint32Array(rows);
    this.#starts = new Uint32Array(rows + 1);
    this.#resets = new Uint8Array(rows);
  }

  /** addPages: all pages of a chunk. Throws RangeError where they hold another number of rows or too wide ones. */
  addPages(pages: Iterable<DataPage>): void {
    for (const page of pages) this.#addPage(page);
    this.#end();
    if (this.#row + 1 !== this.#rows.length) throw new RangeError('column of another length');
  }

  /** addData: rows that were decoded otherwise. */
  addData({ starts, buckets, counts, valid }: HistogramData): void {
    const words = new Uint32Array(counts.buffer, counts.byteOffset, 2 * counts.length);
    const dense = new Uint32Array(2 * this.#width);
    for (let row = 0; row + 1 < starts.length; row++) {
      this.#begin();
      if (valid?.[row] === 0) this.#open = false;
      else {
        dense.fill(0);
        for (let i = starts[row]!; i < starts[row + 1]!; i++) {
          dense[2 * buckets[i]!] = words[2 * i]!;
          dense[2 * buckets[i]! + 1] = words[2 * i + 1]!;
        }
        this.#compare(dense, 0, this.#width);
      }
    }
    this.#end();
  }

  /** finish: everything that was added. */
  finish(): Increments {
    const count = this.#count;
    return {
      rows: this.#rows.slice(0, count),
      starts: this.#starts.slice(0, count + 1),
      buckets: entries.buckets.slice(0, this.#used),
      counts: entries.counts.slice(0, this.#used),
      resets: this.#resets.slice(0, count),
      first: this.#first,
      last: count === 0 ? null : this.#snapshot(),
    };
  }

  #addPage({ entries: length, rows, definition, words }: DataPage): void {
    let from = 0;
    let begin = 0;
    if (definition === null && length >= this.#width) this.#widen(words, length - this.#width);
    // A row may have begun in the page before: its rest ends where the first row of this page begins.
    for (let r = rows![0] === 0 ? 1 : 0; begin < length; r++) {
      const end = rows![r] ?? length;
      if (rows![r - 1] === begin) this.#begin();
      if (this.#row < 0) throw new RangeError('list without a beginning');
      if (definition === null) {
        if (end - begin === this.#width && this.#position === 0) this.#compareRow(words, begin);
        else this.#compare(words, begin, end - begin);
      } else if (definition[begin] === nullRow) {
        this.#open = false;
      } else if (definition[begin] !== emptyRow) {
        for (let k = begin; k < end; k++) {
          if (definition[k] === value) this.#compare(words, from++, 1);
          else this.#compare(zero, 0, 1);
        }
      }
      begin = end;
    }
  }

  #begin(): void {
    this.#end();
    this.#row++;
    if (this.#row >= this.#rows.length) throw new RangeError('column of another length');
    this.#position = 0;
    this.#shrank = false;
    this.#open = this.#kept?.[this.#row] !== 0;
  }

  /** widen: what is in use in a row, best the last of a page, is to be looked at. */
  #widen(words: Uint32Array, from: number): void {
    const isUsed = (bucket: number) => (words[2 * (from + bucket)]! | words[2 * (from + bucket) + 1]!) !== 0;
    let low = 0;
    let high = this.#width;
    while (low < high && !isUsed(low)) low++;
    while (low < high && !isUsed(high - 1)) high--;
    if (low < high) this.#include(low, high);
  }

  #include(low: number, high: number): void {
    this.#low = this.#high === 0 ? low : Math.min(this.#low, low);
    this.#high = Math.max(this.#high, high);
  }

  /** compareRow: a whole row, of which the buckets beyond those in use, most of them, are zero as before. */
  #compareRow(words: Uint32Array, from: number): void {
    if (!this.#open) return;
    const below = 2 * (from + this.#low);
    const end = 2 * (from + this.#width);
    let any = 0;
    for (let at = 2 * from; at < below; at += 2) any |= words[at]! | words[at + 1]!;
    for (let at = 2 * (from + this.#high); at < end; at += 2) any |= words[at]! | words[at + 1]!;
    if (any !== 0) this.#widen(words, from);
    this.#position = this.#low;
    this.#compare(words, from + this.#low, this.#high - this.#low);
    this.#position = this.#width;
  }

  /** compare: the next `count` buckets of the row, from value `from` of `words`. */
  #compare(words: Uint32Array, from: number, count: number): void {
    if (!this.#open) return;
    const first = this.#position;
    if (first + count > this.#width) throw new RangeError('histogram with too many buckets');
    const state = this.#state;
    const { buckets, counts } = entries.reserve(this.#used, count);
    let used = this.#used;
    let at = 2 * from;
    for (let i = 2 * first; i < 2 * (first + count); i += 2, at += 2) {
      const low = words[at]!;
      const high = words[at + 1]!;
      const oldLow = state[i]!;
      const oldHigh = state[i + 1]!;
      if (low === oldLow && high === oldHigh) continue;
      const added = (high - oldHigh) * 2 ** 32 + (low - oldLow);
      if (added < 0) this.#shrank = true;
      state[i] = low;
      state[i + 1] = high;
      const bucket = i >>> 1;
      if (bucket < this.#low || bucket >= this.#high) this.#include(bucket, bucket + 1);
      buckets[used] = bucket;
      counts[used++] = added;
    }
    this.#used = used;
    this.#position = first + count;
  }

  #end(): void {
    if (!this.#open) return;
    this.#open = false;
    // Lists may be cut after the last bucket in use.
    const length = this.#position;
    while (this.#position < this.#length) this.#compareOne(zero);
    this.#length = length;
    const start = this.#starts[this.#count]!;
    if (this.#shrank) {
      const { buckets, words } = this.#snapshot();
      this.#used = start;
      const all = entries.reserve(start, buckets.length);
      for (let i = 0; i < buckets.length; i++) {
        all.buckets[this.#used] = buckets[i]!;
        all.counts[this.#used++] = words[2 * i + 1]! * 2 ** 32 + words[2 * i]!;
      }
      this.#resets[this.#count] = 1;
    }
    this.#first ??= this.#snapshot();
    this.#rows[this.#count++] = this.#row;
    this.#starts[this.#count] = this.#used;
  }

  #compareOne(words: Uint32Array): void {
    this.#open = true;
    this.#compare(words, 0, 1);
    this.#open = false;
  }

  #snapshot(): State {
    const state = this.#state;
    let used = 0;
    for (let i = 0; i < state.length; i += 2) if ((state[i]! | state[i + 1]!) !== 0) used++;
    const buckets = new Uint16Array(used);
    const words = new Uint32Array(2 * used);
    for (let i = 0, at = 0; i < state.length; i += 2) {
      if ((state[i]! | state[i + 1]!) === 0) continue;
      buckets[at] = i >>> 1;
      words[2 * at] = state[i]!;
      words[2 * at++ + 1] = state[i + 1]!;
    }
    return { buckets, words };
  }
}

/** Entries: room for what one builder after another finds; each is finished before the next begins. */
class Entries {
  buckets = new Uint16Array(2 ** 16);
  counts = new Float64Array(2 ** 16);

  /** reserve: itself, with room for `count` entries after the first `used`, which are kept. */
  reserve(used: number, count: number): this {
    if (used + count <= this.buckets.length) return this;
    const capacity = Math.max(used + count, 2 * this.buckets.length);
    const { buckets, counts } = this;
    this.buckets = new Uint16Array(capacity);
    this.counts = new Float64Array(capacity);
    this.buckets.set(buckets.subarray(0, used));
    this.counts.set(counts.subarray(0, used));
    return this;
  }
}

const entries = new Entries();
const zero = new Uint32Array(2);
