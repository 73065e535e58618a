import type { HistogramConfig } from '@rezolus/core/histogram';
import type { HistogramColumn } from '@rezolus/query';
import { wordsOf } from '../parquet/bytes.ts';
import type { HistogramData } from '../reader/data.ts';

/** State: the non-empty buckets of one row, and their cumulative counts as low and high halves. */
interface State {
  readonly buckets: Uint16Array;
  readonly words: Uint32Array;
}

/** HistogramPart: a column and its state at its first and last row; both null where it has no rows. */
export interface HistogramPart {
  readonly column: HistogramColumn;
  readonly first: State | null;
  readonly last: State | null;
}

/** Entries: a growing list of bucket increments. */
class Entries {
  buckets: Uint16Array<ArrayBuffer>;
  counts: Float64Array<ArrayBuffer>;
  length = 0;

  constructor(capacity: number) {
    this.buckets = new Uint16Array(capacity);
    this.counts = new Float64Array(capacity);
  }

  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.buckets.length) return;
    const { buckets, counts } = this;
    const capacity = Math.max(needed, 2 * buckets.length);
    this.buckets = new Uint16Array(capacity);
    this.counts = new Float64Array(capacity);
    this.buckets.set(buckets);
    this.counts.set(counts);
  }

  append(buckets: Uint16Array, counts: Float64Array): void {
    this.reserve(buckets.length);
    this.buckets.set(buckets, this.length);
    this.counts.set(counts, this.length);
    this.length += buckets.length;
  }
}

/** histogramPart: the kept rows of one row group as increments; row 0 is the whole state. */
export function histogramPart(
  data: HistogramData,
  config: HistogramConfig,
  times: Float64Array,
  kept: Uint8Array | null,
): HistogramPart {
  const all: State = { buckets: data.buckets, words: wordsOf(data.counts) };
  const entries = new Entries(1024);
  const rows = times.length;
  const ownTimes = new Float64Array(rows);
  const starts = new Uint32Array(rows + 1);
  const resets = new Uint8Array(rows);
  const none = { begin: 0, end: 0 };
  let first = none;
  let last = none;
  let count = 0;
  for (let row = 0; row < rows; row++) {
    if (data.valid?.[row] === 0 || kept?.[row] === 0) continue;
    const now = { begin: data.starts[row]!, end: data.starts[row + 1]! };
    if (increase(entries, all, last.begin, last.end, all, now.begin, now.end)) resets[count] = 1;
    if (count === 0) first = now;
    last = now;
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
  // Copies, so that the state does not keep its row group in memory.
  const detach = ({ begin, end }: typeof none): State | null =>
    count === 0
      ? null
      : { buckets: all.buckets.slice(begin, end), words: all.words.slice(2 * begin, 2 * end) };
  return { column, first: detach(first), last: detach(last) };
}

/** joinHistograms: parts that follow each other in time: the first row of each becomes what was added since the last. */
export function joinHistograms(parts: readonly HistogramPart[], times: Float64Array): HistogramPart {
  const filled = parts.filter(({ first }) => first !== null);
  const head = filled[0] ?? parts[0]!;
  if (filled.length < 2) return head;
  const entries = new Entries(filled.reduce((sum, { column }) => sum + column.buckets.length, 0));
  const rows = filled.reduce((sum, { column }) => sum + column.times.length, 0);
  const ownTimes = rows === times.length ? times : new Float64Array(rows);
  const starts = new Uint32Array(rows + 1);
  const resets = new Uint8Array(rows);
  const nothing: State = { buckets: new Uint16Array(0), words: new Uint32Array(0) };
  let row = 0;
  let last = nothing;
  for (const part of filled) {
    const { column } = part;
    const first = part.first!;
    resets.set(column.resets, row);
    if (increase(entries, last, 0, last.buckets.length, first, 0, first.buckets.length)) resets[row] = 1;
    const skipped = column.starts[1]!;
    const shift = entries.length - skipped;
    entries.append(column.buckets.subarray(skipped), column.counts.subarray(skipped));
    for (let r = 1; r <= column.times.length; r++) starts[row + r] = column.starts[r]! + shift;
    if (ownTimes !== times) ownTimes.set(column.times, row);
    row += column.times.length;
    last = part.last!;
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
 * increase: appends what was added between two states, each a range of buckets; true where a bucket shrank: then the
 * histogram started again and the whole new state is appended.
 */
function increase(
  entries: Entries,
  before: State,
  oldBegin: number,
  oldEnd: number,
  after: State,
  newBegin: number,
  newEnd: number,
): boolean {
  entries.reserve(newEnd - newBegin);
  const { buckets, counts } = entries;
  let used = entries.length;
  let o = oldBegin;
  for (let n = newBegin; n < newEnd; n++) {
    const bucket = after.buckets[n]!;
    let low = after.words[2 * n]!;
    let high = after.words[2 * n + 1]!;
    if (o < oldEnd) {
      const old = before.buckets[o]!;
      if (old < bucket) break;
      if (old === bucket) {
        low -= before.words[2 * o]!;
        high -= before.words[2 * o + 1]!;
        o++;
        if (low === 0 && high === 0) continue;
      }
    }
    const added = high * 2 ** 32 + low;
    if (added < 0) {
      o = -1;
      break;
    }
    buckets[used] = bucket;
    counts[used++] = added;
  }
  // A bucket that is left over has gone back to 0.
  if (o !== oldEnd) {
    increase(entries, before, 0, 0, after, newBegin, newEnd);
    return true;
  }
  entries.length = used;
  return false;
}
