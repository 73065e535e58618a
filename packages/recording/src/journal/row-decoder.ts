import type { ColumnSpec } from '../parquet/layout.ts';
import { rowFlag } from './row-encoder.ts';

/** RowTarget: takes decoded rows; a RowGroupEncoder is one. */
export interface RowTarget {
  startRow(timestampNs: bigint, durationNs: bigint | null): void;
  scalar(column: number, low: number, high: number): void;
  histogram(column: number, buckets: BigUint64Array): void;
}

const maxBuckets = 2 ** 20;

/** RowDecoder: undoes RowEncoder, a row at a time. */
export class RowDecoder {
  readonly #columns: readonly ColumnSpec[];
  readonly #scalars: (Uint32Array | undefined)[] = [];
  readonly #histograms: (BigUint64Array<ArrayBuffer> | undefined)[] = [];
  #order: number[] = [];
  #timestampNs = 0n;

  /** `columns` may grow between rows. */
  constructor(columns: readonly ColumnSpec[]) {
    this.#columns = columns;
  }

  /** decode: hands one row to `target`. Throws RangeError, before the target gets anything, where it is no row. */
  decode(payload: Uint8Array, target: RowTarget): void {
    const reader = new WordReader(payload);
    const flags = reader.u8();
    const timestampNs = BigInt.asUintN(64, this.#timestampNs + reader.zigzag64());
    const durationNs = (flags & rowFlag.duration) === 0 ? null : BigInt.asUintN(64, reader.zigzag64());
    const order = (flags & rowFlag.columns) === 0 ? this.#order : this.#readOrder(reader);
    for (const column of order) {
      if (this.#columns[column]!.kind === 'histogram') this.#readHistogram(reader, column);
      else this.#readScalar(reader, column);
    }
    if (!reader.done) throw new RangeError('row with bytes after its end');
    this.#order = order;
    this.#timestampNs = timestampNs;
    target.startRow(timestampNs, durationNs);
    for (const column of order) {
      const histogram = this.#columns[column]!.kind === 'histogram';
      if (histogram) target.histogram(column, this.#histograms[column]!);
      else target.scalar(column, this.#scalars[column]![0]!, this.#scalars[column]![1]!);
    }
  }

  #readOrder(reader: WordReader): number[] {
    const count = reader.varint();
    if (count > this.#columns.length) throw new RangeError('row with more cells than columns');
    const seen = new Set<number>();
    const order: number[] = [];
    let column = -1;
    for (let i = 0; i < count; i++) {
      column += Number(reader.zigzag64());
      if (this.#columns[column] === undefined || seen.has(column)) {
        throw new RangeError(`row with a cell for column ${column}`);
      }
      seen.add(column);
      order.push(column);
    }
    return order;
  }

  #readScalar(reader: WordReader, column: number): void {
    this.#scalars[column] ??= new Uint32Array(2);
    reader.addTo(this.#scalars[column], 0);
  }

  #readHistogram(reader: WordReader, column: number): void {
    const length = reader.varint();
    const count = reader.varint();
    if (length > maxBuckets || count > length) throw new RangeError(`histogram of ${length} buckets`);
    if (this.#histograms[column]?.length !== length) this.#histograms[column] = new BigUint64Array(length);
    const words = new Uint32Array(this.#histograms[column]!.buffer);
    for (let i = 0, bucket = 0; i < count; i++, bucket++) {
      bucket += reader.varint();
      if (bucket >= length) throw new RangeError(`bucket ${bucket} of ${length}`);
      reader.addTo(words, 2 * bucket);
    }
  }
}

/** WordReader: reads LEB128 integers of 64 bits as two words. */
class WordReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  u8(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError('row ends early');
    return byte;
  }

  /** varint: a natural number below 2^53. */
  varint(): number {
    this.#read();
    const value = (this.#high >>> 0) * 2 ** 32 + (this.#low >>> 0);
    if (!Number.isSafeInteger(value)) throw new RangeError('number too large');
    return value;
  }

  zigzag64(): bigint {
    this.#readZigzag();
    return BigInt.asIntN(64, (BigInt(this.#high >>> 0) << 32n) | BigInt(this.#low >>> 0));
  }

  /** addTo: adds the next difference to the integer at `words[at]`, modulo 2^64. */
  addTo(words: Uint32Array, at: number): void {
    this.#readZigzag();
    const low = words[at]! + (this.#low >>> 0);
    words[at] = low;
    words[at + 1] = words[at + 1]! + (this.#high >>> 0) + (low >= 2 ** 32 ? 1 : 0);
  }

  #readZigzag(): void {
    this.#read();
    const sign = -(this.#low & 1);
    this.#low = ((this.#low >>> 1) | (this.#high << 31)) ^ sign;
    this.#high = (this.#high >>> 1) ^ sign;
  }

  #read(): void {
    this.#low = 0;
    this.#high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.u8();
      const bits = byte & 0x7f;
      if (shift < 32) this.#low |= bits << shift;
      // The fifth group of seven bits is in both words.
      if (shift === 28) this.#high |= bits >>> 4;
      else if (shift > 28) this.#high |= bits << (shift - 32);
      if (byte < 0x80) return;
    }
    throw new RangeError('number too long');
  }
}
