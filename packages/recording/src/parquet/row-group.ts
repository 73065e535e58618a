import { setImmediate as turn } from 'node:timers/promises';
import { wordsOf } from './bytes.ts';
import { type ChunkTable, chunkWords, setChunk } from './chunk-table.ts';
import { HistogramEncoder } from './histogram.ts';
import { type ColumnSpec, nullChunk } from './layout.ts';
import { ScalarEncoder } from './scalar.ts';

/** EncodedRowGroup: the pages of a row group in the order of its columns, and what the footer must say of them. */
export interface EncodedRowGroup {
  readonly rows: number;
  /** Earliest and latest timestamp, ns. */
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  readonly parts: readonly Uint8Array[];
  /** Bytes of all parts. */
  readonly size: number;
  readonly table: ChunkTable;
}

/** A histogram that had no value for so many rows gives back its memory. */
const restRows = 64;

/** The longest that the end of a row group holds up other work, ms. */
const sliceMs = 3;

/**
 * RowGroupEncoder: the rows of one row group as they come in, encoded at once: memory holds encoded values and one page
 * per histogram. `columns` is shared with the owner and may grow.
 */
export class RowGroupEncoder {
  readonly #columns: readonly ColumnSpec[];
  readonly #encoders: (ScalarEncoder | HistogramEncoder | undefined)[] = [];
  readonly #histograms: HistogramEncoder[] = [];
  readonly #time = new BigUint64Array(1);
  #rows = 0;
  #firstNs = 0n;
  #lastNs = 0n;

  constructor(columns: readonly ColumnSpec[]) {
    this.#columns = columns;
  }

  /** rows: complete rows. */
  get rows(): number {
    return this.#rows;
  }

  startRow(timestampNs: bigint, durationNs: bigint | null): void {
    if (this.#rows === 0 || timestampNs < this.#firstNs) this.#firstNs = timestampNs;
    if (this.#rows === 0 || timestampNs > this.#lastNs) this.#lastNs = timestampNs;
    for (const [column, value] of [timestampNs, durationNs].entries()) {
      if (value === null) continue;
      this.#time[0] = value;
      const words = wordsOf(this.#time);
      this.scalar(column, words[0]!, words[1]!);
    }
  }

  scalar(column: number, low: number, high: number): void {
    let encoder = this.#encoders[column];
    if (encoder === undefined) {
      const { kind, float } = this.#columns[column]!;
      encoder = new ScalarEncoder(kind === 'timestamp', float);
      this.#encoders[column] = encoder;
    }
    (encoder as ScalarEncoder).push(this.#rows, low, high);
  }

  histogram(column: number, buckets: BigUint64Array): void {
    let encoder = this.#encoders[column] as HistogramEncoder | undefined;
    if (encoder === undefined) {
      encoder = new HistogramEncoder((column % 16) / 16);
      this.#encoders[column] = encoder;
      this.#histograms.push(encoder);
    }
    encoder.push(this.#rows, buckets);
  }

  endRow(): void {
    this.#rows++;
    if (this.#rows % restRows !== 0) return;
    // Where cgroups come and go, most histograms are of ones that are gone.
    for (const encoder of this.#histograms) encoder.rest(this.#rows, restRows);
  }

  /** finish: the whole row group; ends the encoder. Compresses in slices of some milliseconds. */
  async finish(): Promise<EncodedRowGroup> {
    const rows = this.#rows;
    const columns = [...this.#columns];
    const table: ChunkTable = new Uint32Array(columns.length * chunkWords);
    const parts: Uint8Array[] = [];
    let size = 0;
    let began = performance.now();
    for (const [column, { kind }] of columns.entries()) {
      const pages = this.#encoders[column]?.finish(rows) ?? nullChunk(kind, rows);
      this.#encoders[column] = undefined;
      setChunk(table, column, pages);
      parts.push(...pages.pages);
      size += pages.compressedSize;
      if (performance.now() - began < sliceMs) continue;
      await turn();
      began = performance.now();
    }
    return { rows, firstNs: this.#firstNs, lastNs: this.#lastNs, parts, size, table };
  }
}
