/** PerfTimes: for how long a group of perf events was to count and did count, ns. */
export interface PerfTimes {
  readonly timeEnabled: bigint;
  readonly timeRunning: bigint;
}

/**
 * PerfVerdict: what a reading is worth. `counted`: it is right. `stalled`: it did not run since the one before, the
 * count is published as it stands. `idle`: it never ran, there is no count. `gone`: not even time passes, the CPU took
 * its events along when it went away.
 */
export type PerfVerdict = 'counted' | 'stalled' | 'idle' | 'gone';

/** verdictOf: judges a reading by the one before it, zeros for the first. */
export function verdictOf(before: PerfTimes, now: PerfTimes): PerfVerdict {
  if (now.timeEnabled === before.timeEnabled) return 'gone';
  if (now.timeRunning === 0n) return 'idle';
  return now.timeRunning === before.timeRunning ? 'stalled' : 'counted';
}
