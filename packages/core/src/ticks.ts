import { setTimeout as wait } from 'node:timers/promises';

/** Tick: a moment on the grid, and how many moments before it passed while the last one was worked on. */
export interface Tick {
  readonly atMs: number;
  readonly missed: number;
}

/** The longest single wait that timers can do. */
const maxWaitMs = 2 ** 31 - 1;

/**
 * alignedTicks: yields at multiples of the interval after the current whole second of the wall clock, as the original
 * does; where the first is past already (intervals below a second) it comes at once. Moments that passed while the
 * consumer worked are skipped and counted. Ends without waiting when the signal aborts.
 */
export async function* alignedTicks(
  intervalMs: number,
  signal: AbortSignal,
  now: () => number = Date.now,
): AsyncGenerator<Tick> {
  const origin = Math.floor(now() / 1000) * 1000 + intervalMs;
  let number = 0;
  for (;;) {
    const atMs = origin + number * intervalMs;
    for (let leftMs = atMs - now(); leftMs > 0; leftMs = atMs - now()) {
      if (signal.aborted) return;
      await wait(Math.min(leftMs, maxWaitMs), undefined, { signal }).catch(() => {});
    }
    if (signal.aborted) return;
    // The grid position that is due: after a pause of the consumer it may be later than the next one.
    const due = Math.max(number, Math.floor((now() - origin) / intervalMs));
    const missed = number === 0 ? 0 : due - number;
    yield { atMs: origin + due * intervalMs, missed };
    number = due + 1;
  }
}
