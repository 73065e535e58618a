import type { HistogramConfig } from '@rezolus/core/histogram';
import type { FloatColumn, HistogramColumn } from '../source.ts';
import type { Chunk } from './chunk.ts';

/** RowTimes: the times of all rows of a store, as a column has them. */
export type RowTimes = Required<Pick<FloatColumn, 'times' | 'exactTimes'>>;

/** rowTimes: the times of the rows of all chunks. */
export function rowTimes<Key>(chunks: readonly Chunk<Key>[]): RowTimes {
  const all = (of: 'times' | 'exactTimes') =>
    Float64Array.from(chunks.flatMap((chunk) => [...chunk[of].subarray(0, chunk.rows)]));
  return { times: all('times'), exactTimes: all('exactTimes') };
}

/** floatColumn: the values of a series in all chunks. `shared` are the times of all rows, used where none is missing. */
export function floatColumn<Key>(
  chunks: readonly Chunk<Key>[],
  key: Key,
  kind: FloatColumn['kind'],
  base: bigint,
  shared: RowTimes,
): FloatColumn {
  const rows = shared.times.length;
  const values = new Float64Array(rows);
  const times = new Float64Array(rows);
  const exactTimes = new Float64Array(rows);
  let used = 0;
  for (const chunk of chunks) {
    const cells = chunk.floats.get(key);
    if (cells === undefined) continue;
    for (let row = 0; row < chunk.rows; row++) {
      if (cells.present[row] === 0) continue;
      times[used] = chunk.times[row]!;
      exactTimes[used] = chunk.exactTimes[row]!;
      values[used++] = cells.values[row]!;
    }
  }
  if (used === rows) return { kind, ...shared, values, base };
  const own = { times: times.slice(0, used), exactTimes: exactTimes.slice(0, used) };
  return { kind, ...own, values: values.slice(0, used), base };
}

/** histogramColumn: the gains of a histogram in all chunks; row 0 is the whole state at the first time. */
export function histogramColumn<Key>(
  chunks: readonly Chunk<Key>[],
  key: Key,
  config: HistogramConfig,
  shared: RowTimes,
): HistogramColumn {
  const parts = chunks.flatMap((chunk) => {
    const cells = chunk.histograms.get(key);
    return cells === undefined ? [] : [{ chunk, cells }];
  });
  const rows = parts.reduce((sum, { cells }) => sum + cells.rows.length, 0);
  const entries = parts.reduce((sum, { cells }) => sum + cells.buckets.length, 0);
  const extra = parts[0]?.cells.state.buckets.length ?? 0;
  const times = new Float64Array(rows);
  const exactTimes = new Float64Array(rows);
  const starts = new Uint32Array(rows + 1);
  const buckets = new Uint16Array(entries + extra);
  const counts = new Float64Array(entries + extra);
  const resets = new Uint8Array(rows);
  let [row, entry] = [0, 0];
  for (const { chunk, cells } of parts) {
    cells.rows.forEach((at, i) => {
      const [from, to] = [cells.starts[i]!, cells.starts[i + 1]!];
      const source =
        row === 0
          ? cells.state
          : {
              buckets: cells.buckets.items.subarray(from, to),
              counts: cells.counts.items.subarray(from, to),
            };
      buckets.set(source.buckets, entry);
      counts.set(source.counts, entry);
      entry += source.buckets.length;
      times[row] = chunk.times[at]!;
      exactTimes[row] = chunk.exactTimes[at]!;
      resets[row] = row === 0 ? 0 : cells.resets[i]!;
      starts[++row] = entry;
    });
  }
  return {
    kind: 'histogram',
    ...(rows === shared.times.length ? shared : { times, exactTimes }),
    starts,
    buckets: buckets.slice(0, entry),
    counts: counts.slice(0, entry),
    resets,
    config,
  };
}
