import { closingParts, type StoredGroup } from './closing.ts';
import { magic } from './format.ts';
import type { ColumnSpec } from './layout.ts';
import { RowGroupEncoder } from './row-group.ts';
import { type RowSink, timeColumns } from './row-sink.ts';

/** maxRowGroupRows: row groups of the original have at most this many rows. */
export const maxRowGroupRows = 1800;

/** Sink: where the bytes of a file go, in order. */
export interface Sink {
  write(parts: readonly Uint8Array[]): Promise<void>;
}

/** WriterOptions: `createdBy` names the program, `rowGroupRows` (default and most 1,800) when a row group is written. */
export interface WriterOptions {
  readonly createdBy: string;
  readonly rowGroupRows?: number;
}

/**
 * RecordingWriter: writes a recording as Parquet in the layout of the original. Values are encoded as they come; memory
 * holds the encoded open row group and one page per histogram. Nothing that was written is read or written again; row
 * groups that were written before a column was known get its all-null chunk at the end of the file. A recording that
 * must outlive its writer goes through `JournaledWriter`.
 */
export class RecordingWriter implements RowSink {
  readonly columns: ColumnSpec[] = [...timeColumns];
  readonly #sink: Sink;
  readonly #createdBy: string;
  readonly #limit: number;
  readonly #groups: StoredGroup[] = [];
  #open = new RowGroupEncoder(this.columns);
  #offset = 0;
  #rows = 0;

  constructor(sink: Sink, { createdBy, rowGroupRows = maxRowGroupRows }: WriterOptions) {
    this.#sink = sink;
    this.#createdBy = createdBy;
    this.#limit = Math.min(rowGroupRows, maxRowGroupRows);
  }

  get rows(): number {
    return this.#rows + this.#open.rows;
  }

  /** bytesWritten: bytes handed to the sink so far; the open row group is not among them. */
  get bytesWritten(): number {
    return this.#offset;
  }

  addColumn(spec: ColumnSpec): number {
    return this.columns.push(spec) - 1;
  }

  startRow(timestampNs: bigint, durationNs: bigint | null): void {
    this.#open.startRow(timestampNs, durationNs);
  }

  scalar(column: number, low: number, high: number): void {
    this.#open.scalar(column, low, high);
  }

  histogram(column: number, buckets: BigUint64Array): void {
    this.#open.histogram(column, buckets);
  }

  /** endRow: completes the row; where it is the last of a row group, resolves when that is with the sink. */
  async endRow(): Promise<void> {
    this.#open.endRow();
    if (this.#open.rows >= this.#limit) await this.flush();
  }

  /** flush: ends the open row group, if it has rows, and writes it. */
  async flush(): Promise<void> {
    if (this.#open.rows === 0) return;
    const { parts, size, ...group } = await this.#open.finish();
    this.#open = new RowGroupEncoder(this.columns);
    await this.#begin();
    this.#groups.push({ ...group, offset: this.#offset });
    this.#rows += group.rows;
    this.#offset += size;
    await this.#sink.write(parts);
  }

  /** finish: writes the open row group and the footer with these file keys; the writer is done. */
  async finish(keyValues: ReadonlyMap<string, string>): Promise<void> {
    await this.flush();
    await this.#begin();
    const closing = { columns: this.columns, groups: this.#groups, keyValues, createdBy: this.#createdBy };
    const parts = closingParts({ ...closing, offset: this.#offset });
    this.#offset += parts.reduce((sum, part) => sum + part.length, 0);
    await this.#sink.write(parts);
  }

  async #begin(): Promise<void> {
    if (this.#offset > 0) return;
    this.#offset = magic.length;
    await this.#sink.write([magic]);
  }
}
