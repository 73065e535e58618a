import { arrowSchema, arrowSchemaKey } from './arrow-schema.ts';
import { wordsOf } from './bytes.ts';
import { writeFooter } from './footer.ts';
import { type ColumnChunk, magic, physicalType, type RowGroupMetadata, type Statistics } from './format.ts';
import { HistogramEncoder } from './histogram.ts';
import { type ColumnSpec, columnPath, nullChunk, schemaElements } from './layout.ts';
import type { PageSequence } from './page.ts';
import { ScalarEncoder } from './scalar.ts';

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

interface Column {
  readonly spec: ColumnSpec;
  /** Index of the first row group whose chunks were written with this column known. */
  readonly firstGroup: number;
  encoder: ScalarEncoder | HistogramEncoder | null;
}

/** Columns 0 and 1 of every recording. */
const timeColumns: readonly ColumnSpec[] = [
  { name: 'timestamp', kind: 'timestamp', metadata: { metric_type: 'timestamp', unit: 'nanoseconds' } },
  { name: 'duration', kind: 'duration', metadata: { metric_type: 'duration', unit: 'nanoseconds' } },
];

const kindOrder = { timestamp: 0, duration: 1, counter: 2, gauge: 3, histogram: 4 } as const;

/**
 * RecordingWriter: writes a recording as Parquet in the layout of the original, a row at a time: `startRow`, then any
 * cells, then `endRow`. Values are encoded as they come; memory holds the encoded open row group and one page per
 * histogram. Columns may be added at any row: they are null before. Nothing that was written is read or written again;
 * row groups that were written before a column was known get its all-null chunk at the end of the file.
 */
export class RecordingWriter {
  readonly #sink: Sink;
  readonly #createdBy: string;
  readonly #limit: number;
  readonly #columns: Column[] = [];
  /** Chunks by row group, by position in `#columns`. */
  readonly #groups: { rows: number; chunks: ColumnChunk[] }[] = [];
  readonly #timestamps = new BigUint64Array(1);
  #offset = 0;
  #rows = 0;
  #groupRows = 0;
  #leastNs = 0n;
  #greatestNs = 0n;

  constructor(sink: Sink, { createdBy, rowGroupRows = maxRowGroupRows }: WriterOptions) {
    this.#sink = sink;
    this.#createdBy = createdBy;
    this.#limit = Math.min(rowGroupRows, maxRowGroupRows);
    for (const spec of timeColumns) this.addColumn(spec);
  }

  /** rows: rows so far. */
  get rows(): number {
    return this.#rows + this.#groupRows;
  }

  /** bytesWritten: bytes handed to the sink so far; the open row group is not among them. */
  get bytesWritten(): number {
    return this.#offset;
  }

  /** addColumn: returns the handle for `scalar` and `histogram`. Names should be unique in the file. */
  addColumn(spec: ColumnSpec): number {
    this.#columns.push({ spec, firstGroup: this.#groups.length, encoder: null });
    return this.#columns.length - 1;
  }

  /** startRow: begins a row. `durationNs` null = not known. */
  startRow(timestampNs: bigint, durationNs: bigint | null): void {
    if (this.#groupRows === 0 || timestampNs < this.#leastNs) this.#leastNs = timestampNs;
    if (this.#groupRows === 0 || timestampNs > this.#greatestNs) this.#greatestNs = timestampNs;
    for (const [column, value] of [timestampNs, durationNs].entries()) {
      if (value === null) continue;
      this.#timestamps[0] = value;
      const words = wordsOf(this.#timestamps);
      this.scalar(column, words[0]!, words[1]!);
    }
  }

  /** scalar: the counter or gauge `column` of this row, as the low and high 32 bits of its two's complement. */
  scalar(column: number, low: number, high: number): void {
    const target = this.#columns[column]!;
    target.encoder ??= new ScalarEncoder(target.spec.kind === 'timestamp');
    (target.encoder as ScalarEncoder).push(this.#groupRows, low, high);
  }

  /** histogram: the cumulative bucket counts of histogram `column` of this row; copied. */
  histogram(column: number, buckets: BigUint64Array): void {
    const target = this.#columns[column]!;
    target.encoder ??= new HistogramEncoder((column % 16) / 16);
    (target.encoder as HistogramEncoder).push(this.#groupRows, buckets);
  }

  /** endRow: completes the row; where it is the last of a row group, resolves when that is with the sink. */
  async endRow(): Promise<void> {
    this.#groupRows++;
    if (this.#groupRows >= this.#limit) await this.flush();
  }

  /** flush: ends the open row group, if it has rows, and writes it. */
  async flush(): Promise<void> {
    const rows = this.#groupRows;
    if (rows === 0) return;
    const parts: Uint8Array[] = [];
    if (this.#offset === 0) this.#append(parts, magic);
    const chunks = this.#columns.map((column, position) => {
      const pages = column.encoder?.finish(rows) ?? nullChunk(column.spec.kind, rows);
      column.encoder = null;
      return this.#place(parts, column.spec, pages, position === 0 ? this.#timeRange() : undefined);
    });
    this.#groups.push({ rows, chunks });
    this.#rows += rows;
    this.#groupRows = 0;
    await this.#sink.write(parts);
  }

  /** finish: writes the open row group and the footer with these file keys; the writer is done. */
  async finish(keyValues: ReadonlyMap<string, string>): Promise<void> {
    await this.flush();
    const parts: Uint8Array[] = [];
    if (this.#offset === 0) this.#append(parts, magic);
    const order = this.#sorted();
    const rowGroups = this.#groups.map(({ rows, chunks }, index): RowGroupMetadata => {
      const complete = order.map((position) => {
        const { spec, firstGroup } = this.#columns[position]!;
        return index < firstGroup ? this.#place(parts, spec, nullChunk(spec.kind, rows)) : chunks[position]!;
      });
      return { rows, chunks: complete };
    });
    const specs = order.map((position) => this.#columns[position]!.spec);
    const footer = writeFooter({
      schema: schemaElements(specs),
      rowGroups,
      rows: this.#rows,
      keyValues: new Map([...keyValues, [arrowSchemaKey, arrowSchema(specs)]]),
      createdBy: this.#createdBy,
    });
    this.#append(parts, footer);
    await this.#sink.write(parts);
  }

  /** sorted: positions of the columns as the original orders them: time, counters, gauges, histograms, each by name. */
  #sorted(): number[] {
    const specs = this.#columns.map((column) => column.spec);
    return [...specs.keys()].sort((a, b) => {
      const kinds = kindOrder[specs[a]!.kind] - kindOrder[specs[b]!.kind];
      if (kinds !== 0) return kinds;
      return specs[a]!.name < specs[b]!.name ? -1 : 1;
    });
  }

  #place(
    parts: Uint8Array[],
    spec: ColumnSpec,
    pages: PageSequence,
    statistics?: Statistics | undefined,
  ): ColumnChunk {
    const dataPageOffset = this.#offset;
    for (const page of pages.pages) this.#append(parts, page);
    return {
      type: physicalType.int64,
      encodings: pages.encodings,
      path: columnPath(spec),
      codec: pages.codec,
      values: pages.values,
      uncompressedSize: pages.uncompressedSize,
      compressedSize: pages.compressedSize,
      dataPageOffset,
      statistics,
    };
  }

  #timeRange(): Statistics {
    const plain = (value: bigint) => new Uint8Array(BigUint64Array.of(value).buffer);
    return { min: plain(this.#leastNs), max: plain(this.#greatestNs), nulls: 0 };
  }

  #append(parts: Uint8Array[], bytes: Uint8Array): void {
    parts.push(bytes);
    this.#offset += bytes.length;
  }
}
