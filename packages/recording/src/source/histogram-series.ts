import { bucketCount, type HistogramConfig } from '@rezolus/core/histogram';
import type { HistogramColumn } from '@rezolus/query';
import type { DataPage } from '../parquet/page-reader.ts';
import type { HistogramData } from '../reader/data.ts';
import { IncrementBuilder, type Increments, type State } from './histogram-pages.ts';
import type { RowRange } from './row-times.ts';

/** HistogramSeries: one histogram, the increments of each row group by itself, so that a range begins at any of them. */
export class HistogramSeries {
  readonly #config: HistogramConfig;
  /** By the first row of the group. */
  readonly #parts = new Map<number, Increments>();
  #known: { readonly range: RowRange; readonly column: HistogramColumn } | null = null;
  #partBytes = 0;

  constructor(config: HistogramConfig) {
    this.#config = config;
  }

  /** bytes: what the parts take, and the last column. */
  get bytes(): number {
    return this.#partBytes + (this.#known === null ? 0 : sizeOf(this.#known.column));
  }

  /** addPages: the rows of a row group that begins with row `start`. Throws as `IncrementBuilder` does. */
  addPages(pages: Iterable<DataPage>, start: number, rows: number, kept: Uint8Array | null): void {
    const builder = this.#builder(start, rows, kept);
    builder.addPages(pages);
    this.addPart(builder.finish(), start);
  }

  /** addData: as {@link addPages}, of rows that were decoded otherwise. */
  addData(data: HistogramData, start: number, kept: Uint8Array | null): void {
    const builder = this.#builder(start, data.starts.length - 1, kept);
    builder.addData(data);
    this.addPart(builder.finish(), start);
  }

  /** column: what the histogram has in the rows of a range, all of which are decoded. */
  column(range: RowRange): HistogramColumn {
    if (this.#known?.range === range) return this.#known.column;
    const parts = [...this.#parts]
      .filter(([start, { rows }]) => start >= range.start && start < range.end && rows.length > 0)
      .sort(([a], [b]) => a - b);
    const column = join(parts, range, this.#config);
    this.#known = { range, column };
    return column;
  }

  #builder(start: number, rows: number, kept: Uint8Array | null): IncrementBuilder {
    const own = kept?.subarray(start, start + rows) ?? null;
    return new IncrementBuilder(rows, bucketCount(this.#config), own);
  }

  /** addPart: the increments of the row group that begins with row `start`. */
  addPart(part: Increments, start: number): void {
    this.#parts.set(start, part);
    this.#partBytes += 9 * part.rows.length + 10 * part.buckets.length;
    this.#known = null;
  }
}

/** join: parts that follow each other in time: the first row of each becomes what was added since the last. */
function join(
  parts: readonly (readonly [number, Increments])[],
  range: RowRange,
  config: HistogramConfig,
): HistogramColumn {
  const rows = parts.reduce((sum, [, part]) => sum + part.rows.length, 0);
  const most = parts.reduce((sum, [, part]) => sum + part.buckets.length, 0);
  const isWhole = rows === range.times.length;
  const times = isWhole ? range.times : new Float64Array(rows);
  const exactTimes = isWhole ? range.exactTimes : new Float64Array(rows);
  const starts = new Uint32Array(rows + 1);
  const resets = new Uint8Array(rows);
  const entries = { buckets: new Uint16Array(most), counts: new Float64Array(most), length: 0 };
  let row = 0;
  let last: State | null = null;
  for (const [start, part] of parts) {
    resets.set(part.resets, row);
    if (increase(entries, last, part.first!)) resets[row] = 1;
    const skipped = part.starts[1]!;
    const shift = entries.length - skipped;
    entries.buckets.set(part.buckets.subarray(skipped), entries.length);
    entries.counts.set(part.counts.subarray(skipped), entries.length);
    entries.length += part.buckets.length - skipped;
    for (let r = 1; r <= part.rows.length; r++) starts[row + r] = part.starts[r]! + shift;
    if (!isWhole) {
      for (const [r, at] of part.rows.entries()) {
        times[row + r] = range.times[start - range.start + at]!;
        exactTimes[row + r] = range.exactTimes[start - range.start + at]!;
      }
    }
    row += part.rows.length;
    last = part.last;
  }
  return {
    kind: 'histogram',
    times,
    ...(range.exactTimes === range.times ? {} : { exactTimes }),
    starts,
    buckets: entries.buckets.subarray(0, entries.length),
    counts: entries.counts.subarray(0, entries.length),
    resets,
    config,
  };
}

/**
 * increase: appends what was added between two states; true where a bucket shrank: then the histogram started again and
 * the whole new state is appended. A part's first row is its whole state, so there is room.
 */
function increase(
  entries: { readonly buckets: Uint16Array; readonly counts: Float64Array; length: number },
  before: State | null,
  after: State,
): boolean {
  const old = new Map<number, number>();
  before?.buckets.forEach((bucket, i) => {
    old.set(bucket, i);
  });
  let used = entries.length;
  for (let n = 0; n < after.buckets.length; n++) {
    const bucket = after.buckets[n]!;
    const o = old.get(bucket);
    const low = after.words[2 * n]! - (o === undefined ? 0 : before!.words[2 * o]!);
    const high = after.words[2 * n + 1]! - (o === undefined ? 0 : before!.words[2 * o + 1]!);
    old.delete(bucket);
    if (low === 0 && high === 0) continue;
    const added = high * 2 ** 32 + low;
    if (added < 0) {
      increase(entries, null, after);
      return true;
    }
    entries.buckets[used] = bucket;
    entries.counts[used++] = added;
  }
  // A bucket that is left over has gone back to 0.
  if (old.size > 0) {
    increase(entries, null, after);
    return true;
  }
  entries.length = used;
  return false;
}

function sizeOf({ times, starts, buckets, resets }: HistogramColumn): number {
  return 16 * times.length + starts.byteLength + 10 * buckets.length + resets.byteLength;
}
