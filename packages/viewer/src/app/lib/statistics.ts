import { type LineSeries, summarize } from './series.ts';
import type { Window } from './zoom.ts';

/** shares: the quantiles that {@link statisticsOf} tells. */
export const shares = [0.5, 0.9, 0.99] as const;

/** Statistics: what the points of a series amount to in a window. */
export interface Statistics {
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  readonly max: number;
  /** Of the points, one per {@link shares}; of merged points those that stand for them. */
  readonly quantiles: readonly number[];
}

/** statisticsOf: the statistics of `series` in `window`, null where it has no point there. */
export function statisticsOf(series: LineSeries, window: Window): Statistics | null {
  const summary = summarize(series, window);
  if (!summary) return null;
  const values = series.values
    .filter((value, i) => {
      const time = series.times[i]!;
      return time >= window.min && time <= window.max && Number.isFinite(value);
    })
    .sort();
  const quantiles = shares.map((share) => values[Math.max(0, Math.ceil(share * values.length) - 1)]!);
  return { count: values.length, ...summary, quantiles };
}
