import type { Plot, RangeReply } from '../../contract.ts';
import type { Window } from './zoom.ts';

/** quantiles: what percentile charts show. */
export const quantiles = [0.5, 0.9, 0.99, 0.999, 0.9999] as const;

/** PlotMode: how its card shows a plot just now. */
export interface PlotMode {
  /** Histograms as buckets instead of percentiles. */
  readonly buckets: boolean;
  /** The plot's second query instead of its first. */
  readonly alternative: boolean;
}

/** plotQuery: the PromQL that `plot` asks in `mode`. */
export function plotQuery(plot: Plot, mode: PlotMode): string {
  const query = mode.alternative && plot.alternative ? plot.alternative.query : plot.query;
  if (plot.style !== 'percentiles') return query;
  return mode.buckets
    ? `histogram_heatmap(${query})`
    : `histogram_quantiles([${quantiles.join(', ')}], ${query})`;
}

/** Drawn: the kind of chart that shows an answer, or the answers of several captures. */
export type Drawn = 'line' | 'lines' | 'percentiles' | 'devices' | 'buckets' | 'overlay' | 'difference';

/**
 * drawnAs: the kind of chart that shows `reply` of `plot`. One device makes a line, whatever the style; so does none, in a
 * window without data.
 */
export function drawnAs(plot: Plot, reply: RangeReply): Drawn {
  if (reply.kind === 'buckets') return 'buckets';
  if (plot.style === 'percentiles') return 'percentiles';
  if (reply.series.length <= 1) return 'line';
  const perDevice = reply.series.every(({ labels }) => labels.id !== undefined);
  if (plot.style === 'heatmap' || (plot.style === 'auto' && perDevice)) return 'devices';
  return 'lines';
}

/** isEmpty: whether `reply` has nothing to draw. */
export function isEmpty(reply: RangeReply): boolean {
  if (reply.kind === 'buckets') return reply.counts.length === 0;
  return reply.series.every((series) => series.values.every((value) => !Number.isFinite(value)));
}

/** RangeRequest: a range query: what the route takes; times and step in ms. */
export interface RangeRequest {
  readonly query: string;
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly points: number;
  /** Whom to ask: a capture, one of its machines, and the ms that its times are later on screen. */
  readonly capture?: string | undefined;
  readonly node?: string | undefined;
  readonly shift?: number | undefined;
  /** A selector whose matchers every series has to pass. */
  readonly match?: string | undefined;
}

/** Whom: the capture that a request is for. */
export type Whom = Pick<RangeRequest, 'capture' | 'node' | 'shift' | 'match'>;

/**
 * pointBudget: how many points a chart of `width` CSS pixels asks for: one per pixel for lines, a column of buckets is
 * two wide. In coarse steps, so that small changes of the width ask for nothing.
 */
export function pointBudget(width: number, buckets: boolean): number {
  const pixelsPerPoint = buckets ? 2 : 1;
  return Math.min(1000, Math.max(100, Math.ceil(width / pixelsPerPoint / 50) * 50));
}

/**
 * rangeRequest: the request whose answer fills `window` to both edges, on ticks that do not depend on the window. It
 * does not reach beyond `bounds`, where a lookback would only stretch the last values.
 */
export function rangeRequest(
  query: string,
  window: Window,
  bounds: Window,
  step: number,
  points: number,
  whom: Whom = {},
): RangeRequest {
  const start = Math.max(Math.floor(window.min / step - 1), Math.floor(bounds.min / step)) * step;
  const end = Math.min(Math.ceil(window.max / step + 1), Math.floor(bounds.max / step)) * step;
  return { query, start, end: Math.max(start, end), step, points, ...whom };
}

/** answers: whether `reply`, the answer to `had`, shows all that the answer to `wanted` would. */
export function answers(had: RangeRequest, reply: RangeReply, wanted: RangeRequest): boolean {
  if (had.query !== wanted.query || had.step !== wanted.step) return false;
  if (had.capture !== wanted.capture || had.node !== wanted.node || had.shift !== wanted.shift) return false;
  if (had.match !== wanted.match) return false;
  if (wanted.start < had.start || wanted.end > had.end) return false;
  if (had.start === wanted.start && had.end === wanted.end) return had.points >= wanted.points;
  if (reply.kind === 'buckets')
    return reply.times.length < had.points && (had.end - had.start) / had.step <= had.points;
  return reply.series.every((series) => series.min === undefined);
}
