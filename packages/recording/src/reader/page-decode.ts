import { bucketCount } from '@rezolus/core/histogram';
import { repetition } from '../parquet/format.ts';
import { type DataPage, type Inflate, readPages } from '../parquet/page-reader.ts';
import type { FloatData, HistogramData, ScalarData, StoredChunk } from './data.ts';

/** definitionLevel: the level of a value that is there: the optional and repeated nodes above it. */
export function definitionLevel({ layout }: StoredChunk): number {
  return layout.elements.filter((element) => (element.repetition ?? 0) !== repetition.required).length;
}

/** decodeScalar: a chunk of a scalar column with `rows` rows. Throws as `readPages` does. */
export function decodeScalar(stored: StoredChunk, rows: number, inflate: Inflate): ScalarData | FloatData {
  if (stored.chunk.values !== rows) throw new RangeError('column of another length');
  const { kind, float = false } = stored.layout.column;
  const words = new Uint32Array(2 * rows);
  const levels = { repetition: 0, definition: definitionLevel(stored) } as const;
  let valid: Uint8Array | null = null;
  let row = 0;
  for (const page of readPages(stored.chunk, stored.bytes, levels, inflate)) {
    if (page.definition === null) {
      words.set(page.words, 2 * row);
    } else {
      valid ??= new Uint8Array(rows).fill(1);
      valid.set(page.definition, row);
      for (let i = 0, from = 0; i < page.entries; i++) {
        if (page.definition[i] === 0) continue;
        words[2 * (row + i)] = page.words[from++]!;
        words[2 * (row + i) + 1] = page.words[from++]!;
      }
    }
    row += page.entries;
  }
  if (float) return { kind: 'float', values: new Float64Array(words.buffer), valid };
  return kind === 'gauge'
    ? { kind: 'signed', values: new BigInt64Array(words.buffer), valid }
    : { kind: 'unsigned', values: new BigUint64Array(words.buffer), valid };
}

/** decodeHistogram: a chunk of a histogram column with `rows` rows. Throws as `readPages` does. */
export function decodeHistogram(stored: StoredChunk, rows: number, inflate: Inflate): HistogramData {
  const width = bucketCount(stored.layout.column.histogram!);
  if (stored.chunk.values > rows * width) throw new RangeError('column of another length');
  const rowsSoFar = new SparseRows(rows, width);
  const levels = { repetition: 1, definition: 3 } as const;
  for (const page of readPages(stored.chunk, stored.bytes, levels, inflate)) rowsSoFar.add(page);
  return rowsSoFar.finish();
}

/** Definition levels of a row that is null and of a row without buckets. */
const nullRow = 0;
const emptyRow = 1;
const value = 3;

/** SparseRows: collects the non-empty buckets of the rows of a chunk. Rows may go on in the next page. */
class SparseRows {
  readonly #rows: number;
  readonly #width: number;
  readonly #starts: Uint32Array;
  readonly #valid: Uint8Array;
  #buckets = new Uint16Array(1024);
  #counts = new Uint32Array(2048);
  #used = 0;
  /** The row that the next entry belongs to if it continues one; its number of entries so far. */
  #row = -1;
  #position = 0;

  constructor(rows: number, width: number) {
    this.#rows = rows;
    this.#width = width;
    this.#starts = new Uint32Array(rows + 1);
    this.#valid = new Uint8Array(rows).fill(1);
  }

  add({ entries, rows, definition, words }: DataPage): void {
    let from = 0;
    let begin = 0;
    // A row may have begun in the page before: its rest ends where the first row of this page begins.
    for (let r = rows![0] === 0 ? 1 : 0; begin < entries; r++) {
      const end = rows![r] ?? entries;
      if (rows![r - 1] === begin) this.#begin();
      if (this.#row < 0) throw new RangeError('list without a beginning');
      this.#reserve(end - begin);
      if (definition === null) {
        this.#dense(words, begin, end - begin);
      } else if (definition[begin] === nullRow || definition[begin] === emptyRow) {
        if (definition[begin] === nullRow) this.#valid[this.#row] = 0;
      } else {
        for (let k = begin; k < end; k++) {
          if (definition[k] === value) this.#dense(words, from++, 1);
          else this.#position++;
        }
      }
      this.#starts[this.#row + 1] = this.#used;
      begin = end;
    }
  }

  finish(): HistogramData {
    if (this.#row + 1 !== this.#rows) throw new RangeError('column of another length');
    return {
      kind: 'histogram',
      starts: this.#starts,
      buckets: this.#buckets.slice(0, this.#used),
      counts: new BigUint64Array(this.#counts.slice(0, 2 * this.#used).buffer),
      valid: this.#valid.includes(0) ? this.#valid : null,
    };
  }

  #begin(): void {
    this.#row++;
    this.#position = 0;
    if (this.#row >= this.#rows) throw new RangeError('column of another length');
    this.#starts[this.#row + 1] = this.#used;
  }

  /** dense: the next `count` buckets of the row, from value `from` of the page. */
  #dense(words: Uint32Array, from: number, count: number): void {
    const buckets = this.#buckets;
    const counts = this.#counts;
    const first = this.#position;
    let used = this.#used;
    if (first + count > this.#width) throw new RangeError('histogram with too many buckets');
    for (let i = 0; i < count; i++) {
      const low = words[2 * (from + i)]!;
      const high = words[2 * (from + i) + 1]!;
      if ((low | high) === 0) continue;
      buckets[used] = first + i;
      counts[2 * used] = low;
      counts[2 * used + 1] = high;
      used++;
    }
    this.#used = used;
    this.#position = first + count;
  }

  #reserve(count: number): void {
    const needed = this.#used + count;
    if (needed <= this.#buckets.length) return;
    const capacity = Math.max(needed, 2 * this.#buckets.length);
    const buckets = new Uint16Array(capacity);
    const counts = new Uint32Array(2 * capacity);
    buckets.set(this.#buckets);
    counts.set(this.#counts);
    this.#buckets = buckets;
    this.#counts = counts;
  }
}
