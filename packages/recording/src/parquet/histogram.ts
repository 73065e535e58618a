import { ByteWriter } from './bytes.ts';
import { codec, encoding } from './format.ts';
import { compressPage, type PageSequence } from './page.ts';
import { RunLengthEncoder } from './run-length.ts';
import { putLevels } from './scalar.ts';

/** pageBytes: size of the values of a page before compression, just below a power of two; larger ones compress no better. */
const pageBytes = 504 * 1024;

/** Definition levels of `optional list, repeated group, optional item`. */
const level = { absent: 0, empty: 1, value: 3 } as const;

/**
 * HistogramEncoder: one bucket-list column in one row group. Values are PLAIN: the buckets of one row repeat those
 * of the row before but for a few, at a fixed distance in bytes, which is what zstd finds. Measured on a 180 s
 * recording at level 9: PLAIN 291 KB, DELTA_BINARY_PACKED 732 KB, dictionary 440 KB; BYTE_STREAM_SPLIT would be 250 KB,
 * but DuckDB reads it for integers only since July 2026. Keeps one page of values; full pages are compressed at once.
 */
export class HistogramEncoder {
  readonly #repetition = new RunLengthEncoder();
  readonly #definition = new RunLengthEncoder();
  #buckets = new ByteWriter(4096);
  readonly #pages: Uint8Array<ArrayBuffer>[] = [];
  #limit: number;
  #rows = 0;
  #entries = 0;
  #values = 0;
  #rawSize = 0;

  /** `phase` in [0, 1) shortens the first page, so that columns that started together do not fill pages together. */
  constructor(phase = 0) {
    this.#limit = pageBytes * (1 - phase);
  }

  /** push: the cumulative bucket counts of row `row` of the group; rows ascend. */
  push(row: number, buckets: BigUint64Array): void {
    if (row < this.#rows) throw new RangeError(`row ${row} has a value already`);
    this.#skip(row);
    this.#repetition.push(0, 1);
    if (buckets.length > 1) this.#repetition.push(1, buckets.length - 1);
    this.#definition.push(buckets.length > 0 ? level.value : level.empty, Math.max(1, buckets.length));
    this.#entries += Math.max(1, buckets.length);
    this.#buckets.bytes(new Uint8Array(buckets.buffer, buckets.byteOffset, buckets.byteLength));
    this.#rows = row + 1;
    if (this.#buckets.length >= this.#limit) this.#cut();
  }

  /** rest: gives back the memory of the open page where no value came for the `rows` rows before row `row`. */
  rest(row: number, rows: number): void {
    if (this.#entries === 0 || row - this.#rows < rows) return;
    this.#cut();
    this.#buckets = new ByteWriter(64);
  }

  /** finish: the column chunk of a row group of `rows` rows; ends the encoder. */
  finish(rows: number): PageSequence {
    this.#skip(rows);
    if (this.#entries > 0) this.#cut();
    return {
      pages: this.#pages,
      values: this.#values,
      codec: codec.zstd,
      encodings: [encoding.rle, encoding.plain],
      uncompressedSize: this.#rawSize,
      compressedSize: this.#pages.reduce((sum, page) => sum + page.length, 0),
    };
  }

  #skip(row: number): void {
    const absent = row - this.#rows;
    this.#repetition.push(0, absent);
    this.#definition.push(level.absent, absent);
    this.#entries += absent;
    this.#rows = row;
  }

  #cut(): void {
    const content = new ByteWriter(this.#buckets.length + 1024);
    putLevels(content, this.#repetition);
    putLevels(content, this.#definition);
    content.bytes(this.#buckets.written());
    const page = { content: content.written(), values: this.#entries, encoding: encoding.plain };
    const { bytes, rawSize } = compressPage(page);
    this.#pages.push(bytes);
    this.#values += this.#entries;
    this.#rawSize += rawSize;
    this.#entries = 0;
    this.#buckets.reset();
    this.#limit = pageBytes;
  }
}
