import type { FloatColumn } from '@rezolus/query';
import { wordsOf } from '../parquet/bytes.ts';
import type { DataPage } from '../parquet/page-reader.ts';
import type { FloatData, ScalarData } from '../reader/data.ts';
import type { RowRange } from './row-times.ts';

const two32 = 2 ** 32;

/** ScalarEncoding: how the 64 bits of a value are to be read. */
export type ScalarEncoding = 'unsigned' | 'signed' | 'float';

/** ScalarPart: the rows of one row group: values minus the base, and which of them there are. */
export interface ScalarPart {
  readonly values: Float64Array;
  readonly valid: Uint8Array | null;
  readonly base: { readonly low: number; readonly high: number } | null;
}

/**
 * ScalarSeries: the values of one counter or gauge, one slot per row of the recording: row groups are decoded straight
 * into their place, in any order, and what is not decoded takes no memory but addresses. Unsigned integers are kept
 * minus the first value that is decoded, exact where that is below 2^53.
 */
export class ScalarSeries {
  readonly #kind: 'counter' | 'gauge';
  readonly #encoding: ScalarEncoding;
  readonly #values: Float64Array;
  /** One byte per row, 1 = has a value; null while every decoded row has one. */
  #valid: Uint8Array | null = null;
  #base: { readonly low: number; readonly high: number } | null = null;
  #known: { readonly range: RowRange; readonly column: FloatColumn } | null = null;
  #rows = 0;

  /** `values` is all zero. */
  constructor(kind: 'counter' | 'gauge', encoding: ScalarEncoding, values: Float64Array) {
    this.#kind = kind;
    this.#encoding = encoding;
    this.#values = values;
  }

  /** bytes: what the rows that are decoded take, and the last column where it is a copy. */
  get bytes(): number {
    const copied = this.#known !== null && this.#known.column.values.buffer !== this.#values.buffer;
    return this.#rows * (this.#valid === null ? 8 : 9) + (copied ? 24 * this.#known!.column.times.length : 0);
  }

  /** addPages: the rows from `start`, `rows` of them. Throws RangeError where the pages hold another number. */
  addPages(pages: Iterable<DataPage>, start: number, rows: number, _kept?: Uint8Array | null): void {
    let row = start;
    for (const { entries, definition, words } of pages) {
      if (row + entries > start + rows) throw new RangeError('column of another length');
      if (definition === null) this.#put(words, row, entries);
      else {
        const valid = this.#marks();
        valid.set(definition, row);
        for (let i = 0, used = 0; i < entries; i++) {
          if (definition[i] === 1) this.#put(words.subarray(2 * used, 2 * ++used), row + i, 1);
        }
      }
      row += entries;
    }
    if (row !== start + rows) throw new RangeError('column of another length');
    this.#grew(rows);
  }

  /** addData: the rows from `start` as they were decoded otherwise. */
  addData({ kind, values, valid }: ScalarData | FloatData, start: number): void {
    if (valid !== null) this.#marks().set(valid, start);
    if (kind === 'float') this.#values.set(values, start);
    else {
      const words = wordsOf(values);
      const first = valid === null ? 0 : valid.indexOf(1);
      if (first >= 0) this.#rebase(words[2 * first]!, words[2 * first + 1]!);
      this.#put(words, start, values.length);
    }
    this.#grew(values.length);
  }

  /** part: everything of a series that holds one row group, for {@link addPart} of another. */
  part(): ScalarPart {
    return { values: this.#values, valid: this.#valid, base: this.#base };
  }

  /** addPart: the rows from `start` as another series decoded them. */
  addPart({ values, valid, base }: ScalarPart, start: number): void {
    if (valid !== null || this.#valid !== null)
      this.#marks().set(valid ?? new Uint8Array(values.length).fill(1), start);
    this.#values.set(values, start);
    if (base !== null) {
      const own = this.#rebase(base.low, base.high);
      const shift = (base.high - own.high) * two32 + (base.low - own.low);
      if (shift !== 0) for (let row = start; row < start + values.length; row++) this.#values[row]! += shift;
    }
    this.#grew(values.length);
  }

  /** column: what the series has in the rows of a range, all of which are decoded. */
  column(range: RowRange): FloatColumn {
    if (this.#known?.range === range) return this.#known.column;
    const column = this.#column(range);
    this.#known = { range, column };
    return column;
  }

  #column({ start, end, times, exactTimes, kept }: RowRange): FloatColumn {
    const kind = this.#kind;
    const base = this.#base === null ? 0n : (BigInt(this.#base.high) << 32n) | BigInt(this.#base.low);
    const values = this.#values.subarray(start, end);
    const valid = this.#valid?.subarray(start, end) ?? null;
    const hasAll = kept === null && (valid === null || !valid.includes(0));
    const moved = exactTimes !== times;
    if (hasAll) return { kind, times, ...(moved ? { exactTimes } : {}), values, base };
    const here = (_: number, row: number) => valid?.[row] !== 0 && kept?.[row] !== 0;
    return {
      kind,
      times: times.filter(here),
      ...(moved ? { exactTimes: exactTimes.filter(here) } : {}),
      values: values.filter(here),
      base,
    };
  }

  #put(words: Uint32Array, start: number, count: number): void {
    const values = this.#values;
    if (this.#encoding === 'float') {
      new Uint32Array(values.buffer, values.byteOffset).set(words.subarray(0, 2 * count), 2 * start);
      return;
    }
    if (this.#encoding === 'signed') {
      for (let i = 0; i < count; i++) values[start + i] = (words[2 * i + 1]! | 0) * two32 + words[2 * i]!;
      return;
    }
    if (count === 0) return;
    const { low, high } = this.#rebase(words[0]!, words[1]!);
    for (let i = 0; i < count; i++)
      values[start + i] = (words[2 * i + 1]! - high) * two32 + (words[2 * i]! - low);
  }

  #rebase(low: number, high: number): { readonly low: number; readonly high: number } {
    this.#base ??= { low, high };
    return this.#base;
  }

  #marks(): Uint8Array {
    this.#valid ??= new Uint8Array(this.#values.length).fill(1);
    return this.#valid;
  }

  #grew(rows: number): void {
    this.#rows += rows;
    this.#known = null;
  }
}
