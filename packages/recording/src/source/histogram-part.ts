import type { HistogramConfig } from '@rezolus/core/histogram';
import type { HistogramColumn } from '@rezolus/query';
import { wordsOf } from '../parquet/bytes.ts';
import type { HistogramData } from '../reader/data.ts';

/** State: the non-empty buckets of one row and their cumulative counts. */
export interface State {
  readonly buckets: Uint16Array;
  readonly counts: BigUint64Array;
}

/** HistogramPart: a column and its state at its first and last row; both null where it has no rows. */
export interface HistogramPart {
  readonly column: HistogramColumn;
  readonly first: State | null;
  readonly last: State | null;
}

/** Entries: a growing list of bucket increments. */
class Entries {
  buckets = new Uint16Array(256);
  counts = new Float64Array(256);
  length = 0;

  push(bucket: number, count: number): void {
    if (this.length === this.buckets.length) this.reserve(this.length * 2);
    this.buckets[this.length] = bucket;
    this.counts[this.length++] = count;
  }

  reserve(capacity: number): void {
    const { buckets, counts } = this;
    this.buckets = new Uint16Array(capacity);
    this.counts = new Float64Array(capacity);
    this.buckets.set(buckets);
    this.counts.set(counts);
  }
}

/** histogramPart: the kept rows of one row group as increments; row 0 is the whole state. */
export function histogramPart(
  data: HistogramData,
  config: HistogramConfig,
  times: Float64Array,
  kept: Uint8Array | null,
): HistogramPart {
  const entries = new Entries();
  const rows = times.length;
  const ownTimes = new Float64Array(rows);
  const starts = new Uint32Array(rows + 1);
  const resets = new Uint8Array(rows);
  let first: State | null = null;
  let last: State | null = null;
  let count = 0;
  for (let row = 0; row < rows; row++) {
    if (data.valid?.[row] === 0 || kept?.[row] === 0) continue;
    const state = {
      buckets: data.buckets.subarray(data.starts[row], data.starts[row + 1]),
      counts: data.counts.subarray(data.starts[row], data.starts[row + 1]),
    };
    if (increase(entries, last, state)) resets[count] = 1;
    first ??= state;
    last = state;
    ownTimes[count++] = times[row]!;
    starts[count] = entries.length;
  }
  const column: HistogramColumn = {
    kind: 'histogram',
    times: count === rows ? times : ownTimes.slice(0, count),
    starts: starts.slice(0, count + 1),
    buckets: entries.buckets.slice(0, entries.length),
    counts: entries.counts.slice(0, entries.length),
    resets: resets.slice(0, count),
    config,
  };
  return { column, first: detach(first), last: detach(last) };
}

/** joinHistograms: parts that follow each other in time: the first row of each becomes what was added since the last. */
export function joinHistograms(parts: readonly HistogramPart[], times: Float64Array): HistogramPart {
  const filled = parts.filter(({ first }) => first !== null);
  const head = filled[0] ?? parts[0]!;
  if (filled.length < 2) return head;
  const entries = new Entries();
  entries.reserve(filled.reduce((sum, { column }) => sum + column.buckets.length, 256));
  const rows = filled.reduce((sum, { column }) => sum + column.times.length, 0);
  const ownTimes = rows === times.length ? times : new Float64Array(rows);
  const starts = new Uint32Array(rows + 1);
  const resets = new Uint8Array(rows);
  let row = 0;
  let last: State | null = null;
  for (const part of filled) {
    const { column } = part;
    const skipped = column.starts[1]!;
    resets.set(column.resets, row);
    if (increase(entries, last, part.first!)) resets[row] = 1;
    const shift = entries.length - skipped;
    for (let i = skipped; i < column.buckets.length; i++) entries.push(column.buckets[i]!, column.counts[i]!);
    for (let r = 1; r <= column.times.length; r++) starts[row + r] = column.starts[r]! + shift;
    if (ownTimes !== times) ownTimes.set(column.times, row);
    row += column.times.length;
    last = part.last;
  }
  const column: HistogramColumn = {
    kind: 'histogram',
    times: ownTimes,
    starts,
    buckets: entries.buckets.slice(0, entries.length),
    counts: entries.counts.slice(0, entries.length),
    resets,
    config: head.column.config,
  };
  return { column, first: head.first, last };
}

/**
 * increase: appends what was added between two states; true where a bucket shrank: then the histogram started again and
 * the whole state is appended.
 */
function increase(entries: Entries, before: State | null, after: State): boolean {
  const begin = entries.length;
  const now = wordsOf(after.counts);
  const then = before === null ? now : wordsOf(before.counts);
  const old = before?.buckets.length ?? 0;
  let o = 0;
  for (let n = 0; n < after.buckets.length; n++) {
    const bucket = after.buckets[n]!;
    let added = now[2 * n + 1]! * 2 ** 32 + now[2 * n]!;
    if (o < old && before!.buckets[o]! <= bucket) {
      if (before!.buckets[o]! < bucket) return restart(entries, begin, after);
      added = (now[2 * n + 1]! - then[2 * o + 1]!) * 2 ** 32 + (now[2 * n]! - then[2 * o]!);
      if (added < 0) return restart(entries, begin, after);
      o++;
    }
    if (added !== 0) entries.push(bucket, added);
  }
  return o < old ? restart(entries, begin, after) : false;
}

function restart(entries: Entries, begin: number, after: State): true {
  entries.length = begin;
  increase(entries, null, after);
  return true;
}

/** detach: a copy that does not keep its row group in memory. */
function detach(state: State | null): State | null {
  return state === null ? null : { buckets: state.buckets.slice(), counts: state.counts.slice() };
}
