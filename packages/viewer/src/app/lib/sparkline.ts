import type { LineSeries } from './series.ts';
import type { Window } from './zoom.ts';

/**
 * sparkline: the area under `series` as an SVG path in a box of 1000 × 100, `bounds` across, 0 to its largest value up.
 * Empty where there is nothing to show.
 */
export function sparkline(series: LineSeries, bounds: Window): string {
  const top = (i: number) => series.max?.[i] ?? series.values[i]!;
  let most = 0;
  for (let i = 0; i < series.times.length; i++) if (top(i) > most) most = top(i);
  if (most === 0 || bounds.max <= bounds.min) return '';
  const points: string[] = [];
  let first = 0;
  let last = 0;
  for (let i = 0; i < series.times.length; i++) {
    if (!Number.isFinite(top(i))) continue;
    last = ((series.times[i]! - bounds.min) / (bounds.max - bounds.min)) * 1000;
    if (points.length === 0) first = last;
    points.push(`${last.toFixed(1)} ${(100 - (Math.max(0, top(i)) / most) * 100).toFixed(1)}`);
  }
  return points.length < 2 ? '' : `M${first.toFixed(1)} 100L${points.join('L')}L${last.toFixed(1)} 100Z`;
}
