import { bucketCount, type HistogramConfig } from '@rezolus/core/histogram';
import type { Recording } from '../reader/recording.ts';
import { IncrementBuilder, type Increments } from './histogram-pages.ts';
import { type ScalarEncoding, type ScalarPart, ScalarSeries } from './scalar-series.ts';

/** GroupColumn: a column to decode and how. */
export type GroupColumn =
  | { readonly column: number; readonly encoding: ScalarEncoding }
  | { readonly column: number; readonly histogram: HistogramConfig };

/** GroupDecoder: decodes row groups somewhere else, `parallel` of them at a time. */
export interface GroupDecoder {
  readonly parallel: number;
  /** decode: the columns of a row group, in order; null where it cannot be done there. */
  decode(group: number, columns: readonly GroupColumn[]): Promise<(ScalarPart | Increments)[] | null>;
}

/**
 * decodeGroup: columns of one row group, in order, scalars as views of one buffer. Null where a column is written in a
 * way that takes parquet-wasm. Rejects for damaged pages.
 */
export async function decodeGroup(
  recording: Recording,
  group: number,
  columns: readonly GroupColumn[],
): Promise<(ScalarPart | Increments)[] | null> {
  const { rows } = recording.rowGroups[group]!;
  const pages = await recording.readPages(
    columns.map(({ column }) => column),
    group,
  );
  const scalars = columns.filter((column) => 'encoding' in column).length;
  const values = new Float64Array(scalars * rows);
  const parts: (ScalarPart | Increments)[] = [];
  let used = 0;
  for (const [i, column] of columns.entries()) {
    const own = pages[i];
    if (own == null) return null;
    if ('histogram' in column) {
      const builder = new IncrementBuilder(rows, bucketCount(column.histogram), null);
      builder.addPages(own);
      parts.push(builder.finish());
    } else {
      const series = new ScalarSeries('gauge', column.encoding, values.subarray(used, used + rows));
      series.addPages(own, 0, rows);
      parts.push(series.part());
      used += rows;
    }
  }
  return parts;
}
