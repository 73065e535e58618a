import type { ColumnChunk } from '../parquet/format.ts';
import type { ColumnLayout } from './columns.ts';

/**
 * ScalarData: a counter, gauge, timestamp or duration in one row group. `valid` null = every row has
 * a value; where it is 0 the value is 0.
 */
export interface ScalarData {
  readonly kind: 'unsigned' | 'signed';
  readonly values: BigUint64Array | BigInt64Array;
  readonly valid: Uint8Array | null;
}

/** FloatData: a counter or gauge of doubles in one row group, as ScalarData. */
export interface FloatData {
  readonly kind: 'float';
  readonly values: Float64Array;
  readonly valid: Uint8Array | null;
}

/**
 * HistogramData: a histogram in one row group, sparse: row `r` has the non-empty buckets `starts[r] .. starts[r + 1]`,
 * ascending, with their cumulative counts.
 */
export interface HistogramData {
  readonly kind: 'histogram';
  readonly starts: Uint32Array;
  readonly buckets: Uint16Array;
  readonly counts: BigUint64Array;
  readonly valid: Uint8Array | null;
}

export type ColumnData = ScalarData | FloatData | HistogramData;

/** StoredChunk: a column of one row group as it stands in the file. */
export interface StoredChunk {
  readonly layout: ColumnLayout;
  readonly chunk: ColumnChunk;
  readonly bytes: Uint8Array;
}
