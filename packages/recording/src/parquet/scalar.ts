import { ByteWriter } from './bytes.ts';
import { DeltaEncoder } from './delta.ts';
import { encoding } from './format.ts';
import { type PageSequence, singlePage } from './page.ts';
import { RunLengthEncoder } from './run-length.ts';

/** PlainEncoder: 64-bit values as they are, for doubles. */
class PlainEncoder {
  readonly #out = new ByteWriter();

  push(low: number, high: number): void {
    this.#out.u32(low);
    this.#out.u32(high);
  }

  finish(page: ByteWriter): void {
    page.bytes(this.#out.written());
  }
}

/**
 * ScalarEncoder: one 64-bit column in one row group, encoded as the values come: integers take about 1 KB and their
 * deltas. Rows that were skipped are null. Must get at least one value (an all-null chunk is `nullChunk`).
 */
export class ScalarEncoder {
  readonly #values: DeltaEncoder | PlainEncoder;
  readonly #encoding: number;
  readonly #levels: RunLengthEncoder | null;
  #rows = 0;

  /** A required column has no levels and must get every row. */
  constructor(required: boolean, float = false) {
    this.#values = float ? new PlainEncoder() : new DeltaEncoder();
    this.#encoding = float ? encoding.plain : encoding.deltaBinaryPacked;
    this.#levels = required ? null : new RunLengthEncoder();
  }

  /** push: the value of row `row` of the group, as 32-bit halves; rows ascend. */
  push(row: number, low: number, high: number): void {
    if (row < this.#rows) throw new RangeError(`row ${row} has a value already`);
    this.#levels?.push(0, row - this.#rows);
    this.#levels?.push(1, 1);
    this.#values.push(low, high);
    this.#rows = row + 1;
  }

  /** finish: the column chunk of a row group of `rows` rows; ends the encoder. */
  finish(rows: number): PageSequence {
    const content = new ByteWriter(256);
    if (this.#levels !== null) {
      this.#levels.push(0, rows - this.#rows);
      putLevels(content, this.#levels);
    }
    this.#values.finish(content);
    return singlePage({ content: content.written(), values: rows, encoding: this.#encoding });
  }
}

/** putLevels: levels with the length prefix of a version 1 data page. */
export function putLevels(content: ByteWriter, levels: RunLengthEncoder): void {
  const encoded = levels.finish();
  content.u32(encoded.length);
  content.bytes(encoded);
}
