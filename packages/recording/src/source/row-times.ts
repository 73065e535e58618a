/** RowTimes: the time of every row of a recording, and the rows that have none. */
export interface RowTimes {
  /** ms since the epoch by row; strictly ascending over the rows that are kept. */
  readonly times: Float64Array;
  /** One byte per row, 0 = not kept; null where every row is. */
  readonly kept: Uint8Array | null;
}

/**
 * rowTimes: the times a recording is queried at. As in the original, a row is moved to the nearest multiple of the
 * nominal interval; rows that would meet there stay where they are. Rows that are not later than one before them (the
 * clock was set back) are not kept, because a query needs ascending times.
 */
export function rowTimes(timestampsNs: BigUint64Array, intervalMs: number): RowTimes {
  const exact = Float64Array.from(timestampsNs, (ns) => Number(ns / 1000n) / 1000);
  const snapped = exact.map((time) => snap(time, intervalMs));
  const times = exact.map((time, row) =>
    snapped[row] === snapped[row - 1] || snapped[row] === snapped[row + 1] ? time : snapped[row]!,
  );
  const kept = new Uint8Array(times.length);
  let last = Number.NEGATIVE_INFINITY;
  for (const [row, time] of times.entries()) {
    if (time <= last) continue;
    kept[row] = 1;
    last = time;
  }
  return { times, kept: kept.includes(0) ? kept : null };
}

/** snap: the multiple of the interval that is nearest to a time; both in ms. */
export function snap(timeMs: number, intervalMs: number): number {
  return Math.round(timeMs / intervalMs) * intervalMs;
}
