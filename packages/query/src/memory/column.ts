import type { HistogramConfig } from '@rezolus/core/histogram';
import type { FloatColumn, HistogramColumn } from '../source.ts';
import type { Chunk } from './chunk.ts';

/** floatColumn: the values of a series in all chunks. `shared` are the times of all rows, used where none is missing. */
export function floatColumn<Key>(
  chunks: readonly Chunk<Key>[],
  key: Key,
  kind: FloatColumn['kind'],
  base: bigint,
  shared: Float64Array,
): FloatColumn {
  const values = new Float64Array(shared.length);
  const times = new Float64Array(shared.length);
  let used = 0;
  for (const chunk of chunks) {
    const cells = chunk.floats.get(key);
    if (cells === undefined) continue;
    for (let row = 0; row < chunk.rows; row++) {
      if (cells.present[row] === 0) continue;
      times[used] = chunk.times[row]!;
      values[used++] = cells.values[row]!;
    }
  }
  if (used === shared.length) return { kind, times: shared, values, base };
  return { kind, times: times.slice(0, used), values: values.slice(0, used), base };
}

/** histogramColumn: the gains of a histogram in all chunks; row 0 is the whole state at the first time. */
export function histogramColumn<Key>(
  chunks: readonly Chunk<Key>[],
  key: Key,
  config: HistogramConfig,
  shared: Float64Array,
): HistogramColumn {
  const parts = chunks.flatMap((chunk) => {
    const cells = chunk.histograms.get(key);
    return cells === undefined ? [] : [{ chunk, cells }];
  });
  const rows = parts.reduce((sum, { cells }) => sum + cells.rows.length, 0);
  const entries = parts.reduce((sum, { cells }) => sum + cells.buckets.length, 0);
  const extra = parts[0]?.cells.state.buckets.length ?? 0;
  const times = new Float64Array(rows);
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
      resets[row] = row === 0 ? 0 : cells.resets[i]!;
      starts[++row] = entry;
    });
  }
  return {
    kind: 'histogram',
    times: rows === shared.length ? shared : times,
    starts,
    buckets: buckets.slice(0, entry),
    counts: counts.slice(0, entry),
    resets,
    config,
  };
}
