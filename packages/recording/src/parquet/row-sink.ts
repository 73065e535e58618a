import type { ColumnSpec } from './layout.ts';

/** CellSink: takes the cells of a row that somebody else has begun. */
export interface CellSink {
  /** addColumn: returns the handle for `scalar` and `histogram`. Names should be unique in the file. */
  addColumn(spec: ColumnSpec): number;
  /** scalar: the value of this row as the low and high 32 bits of an integer in two's complement or of a double. */
  scalar(column: number, low: number, high: number): void;
  /** histogram: the cumulative bucket counts of this row; copied. */
  histogram(column: number, buckets: BigUint64Array): void;
}

/**
 * RowSink: takes a recording a row at a time: `startRow`, any cells, `endRow`. Columns may be added at any time; they
 * are null in the rows before. Columns 0 and 1, timestamp and duration, are there from the start.
 */
export interface RowSink extends CellSink {
  /** rows: rows so far. */
  readonly rows: number;
  /** columns: by handle. */
  readonly columns: readonly ColumnSpec[];
  /** startRow: begins a row. `durationNs` null = not known. */
  startRow(timestampNs: bigint, durationNs: bigint | null): void;
  /** endRow: completes the row; resolves when the sink is ready for the next one. */
  endRow(): Promise<void>;
}

/** timeColumns: columns 0 and 1 of every recording. */
export const timeColumns: readonly ColumnSpec[] = [
  { name: 'timestamp', kind: 'timestamp', metadata: { metric_type: 'timestamp', unit: 'nanoseconds' } },
  { name: 'duration', kind: 'duration', metadata: { metric_type: 'duration', unit: 'nanoseconds' } },
];
