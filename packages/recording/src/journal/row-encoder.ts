import { ByteWriter, wordsOf } from '../parquet/bytes.ts';

const two32 = 2 ** 32;
/** Differences below this are exact as doubles. */
const exact = 2 ** 52;

/** rowFlag: bits of the first byte of a row: the columns are listed because they changed; the duration is known. */
export const rowFlag = { columns: 1, duration: 2 } as const;

/**
 * RowEncoder: rows as what changed since the row before; the first row is against nothing. A row of 1,000 series and 20
 * histograms takes a few kilobytes. `docs/recording-format.md` has the layout.
 */
export class RowEncoder {
  readonly #cells = new ByteWriter(4096);
  readonly #row = new ByteWriter(4096);
  readonly #changes = new ByteWriter(256);
  /** Last value of each scalar column, as words. */
  #last = new Uint32Array(512);
  readonly #histograms: (Uint32Array | undefined)[] = [];
  /** Columns of the row before, and how many of this row are the same so far. */
  #before: number[] = [];
  #now: number[] = [];
  #timestampNs = 0n;
  #lastTimestampNs = 0n;
  #durationNs: bigint | null = null;

  startRow(timestampNs: bigint, durationNs: bigint | null): void {
    this.#timestampNs = timestampNs;
    this.#durationNs = durationNs;
    this.#cells.reset();
    this.#now = [];
  }

  scalar(column: number, low: number, high: number): void {
    this.#now.push(column);
    if (2 * column >= this.#last.length) this.#grow(column);
    this.#difference(this.#cells, this.#last, 2 * column, low, high);
  }

  histogram(column: number, buckets: BigUint64Array): void {
    this.#now.push(column);
    let last = this.#histograms[column];
    if (last?.length !== 2 * buckets.length) {
      last = new Uint32Array(2 * buckets.length);
      this.#histograms[column] = last;
    }
    const words = wordsOf(buckets);
    const changes = this.#changes;
    changes.reset();
    let count = 0;
    let next = 0;
    for (let bucket = 0; bucket < buckets.length; bucket++) {
      const low = words[2 * bucket]!;
      const high = words[2 * bucket + 1]!;
      if (low === last[2 * bucket] && high === last[2 * bucket + 1]) continue;
      changes.varint(bucket - next);
      this.#difference(changes, last, 2 * bucket, low, high);
      next = bucket + 1;
      count++;
    }
    this.#cells.varint(buckets.length);
    this.#cells.varint(count);
    this.#cells.bytes(changes.written());
  }

  /** endRow: the row; a view that is valid until the next row. */
  endRow(): Uint8Array {
    const row = this.#row;
    row.reset();
    const same =
      this.#now.length === this.#before.length && this.#now.every((column, i) => column === this.#before[i]);
    const known = this.#durationNs !== null;
    row.u8((same ? 0 : rowFlag.columns) | (known ? rowFlag.duration : 0));
    row.zigzag64(BigInt.asIntN(64, this.#timestampNs - this.#lastTimestampNs));
    if (this.#durationNs !== null) row.zigzag64(BigInt.asIntN(64, this.#durationNs));
    if (!same) {
      row.varint(this.#now.length);
      let last = -1;
      for (const column of this.#now) {
        row.zigzag(column - last);
        last = column;
      }
    }
    row.bytes(this.#cells.written());
    this.#before = this.#now;
    this.#lastTimestampNs = this.#timestampNs;
    return row.written();
  }

  #difference(out: ByteWriter, last: Uint32Array, at: number, low: number, high: number): void {
    const lastLow = last[at]!;
    const lastHigh = last[at + 1]!;
    last[at] = low;
    last[at + 1] = high;
    // The words may come signed.
    const difference = ((high >>> 0) - lastHigh) * two32 + ((low >>> 0) - lastLow);
    if (difference < exact && difference > -exact) {
      out.zigzag(difference);
      return;
    }
    const wide = (word: number, upper: number) => (BigInt(upper >>> 0) << 32n) | BigInt(word >>> 0);
    out.zigzag64(BigInt.asIntN(64, wide(low, high) - wide(lastLow, lastHigh)));
  }

  #grow(column: number): void {
    const grown = new Uint32Array(Math.max(2 * column + 2, 2 * this.#last.length));
    grown.set(this.#last);
    this.#last = grown;
  }
}
