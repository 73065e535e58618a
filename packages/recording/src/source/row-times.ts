import { wordsOf } from '../parquet/bytes.ts';

/** RowTimes: the times of every row of a recording, and the rows that have none. */
export interface RowTimes {
  /** ms since the epoch by row; strictly ascending over the rows that are kept. */
  readonly times: Float64Array;
  /** When the rows were really taken, ms; the same array as `times` where no row was moved. */
  readonly exactTimes: Float64Array;
  /** One byte per row, 0 = not kept; null where every row is. */
  readonly kept: Uint8Array | null;
}

/**
 * rowTimes: the times a recording is queried at. As in the original, a row is moved to the nearest multiple of the
 * nominal interval; rows that would meet there stay where they are. Rows that are not later than one before them (the
 * clock was set back) are not kept, because a query needs ascending times.
 */
export function rowTimes(timestampsNs: BigUint64Array, intervalMs: number): RowTimes {
  const words = wordsOf(timestampsNs);
  const rows = timestampsNs.length;
  const exactTimes = new Float64Array(rows);
  const snapped = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    exactTimes[row] = (words[2 * row + 1]! * 2 ** 32 + words[2 * row]!) / 1e6;
    snapped[row] = snap(exactTimes[row]!, intervalMs);
  }
  const times = new Float64Array(rows);
  const kept = new Uint8Array(rows);
  let last = Number.NEGATIVE_INFINITY;
  let lastExact = Number.NEGATIVE_INFINITY;
  let moved = false;
  for (let row = 0; row < rows; row++) {
    const exact = exactTimes[row]!;
    const meets = snapped[row] === snapped[row - 1] || snapped[row] === snapped[row + 1];
    const time = meets ? exact : snapped[row]!;
    times[row] = time;
    if (time !== exact) moved = true;
    if (time <= last || exact <= lastExact) continue;
    kept[row] = 1;
    last = time;
    lastExact = exact;
  }
  return { times, exactTimes: moved ? exactTimes : times, kept: kept.includes(0) ? kept : null };
}

/** snap: the multiple of the interval that is nearest to a time; both in ms. */
export function snap(timeMs: number, intervalMs: number): number {
  return Math.round(timeMs / intervalMs) * intervalMs;
}

/** RowRange: the times of some rows that follow each other, as views that all series share. */
export interface RowRange extends RowTimes {
  /** First row and end (exclusive). */
  readonly start: number;
  readonly end: number;
}

/** rowRange: the times of rows `start .. end`. */
export function rowRange(rows: RowTimes, start: number, end: number): RowRange {
  const times = rows.times.subarray(start, end);
  return {
    start,
    end,
    times,
    exactTimes: rows.exactTimes === rows.times ? times : rows.exactTimes.subarray(start, end),
    kept: rows.kept?.subarray(start, end) ?? null,
  };
}
