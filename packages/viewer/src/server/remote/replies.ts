import type { RangeReply } from '../../contract.ts';
import type { LineSeries } from '../decimate.ts';
import type { RemoteSeries } from './client.ts';

/** numberOf: a value of the Prometheus API. */
function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
}

/** linesOf: the series of a matrix as lines, their times `shiftMs` later. */
export function linesOf(all: readonly RemoteSeries[], shiftMs: number): LineSeries[] {
  return all.flatMap(({ metric, values }) => {
    if (values === undefined) return [];
    return {
      labels: metric,
      times: Float64Array.from(values, ([seconds]) => seconds * 1000 + shiftMs),
      values: Float64Array.from(values, ([, text]) => numberOf(text)),
    };
  });
}

type Cell = readonly [timeMs: number, upper: number, count: number];

/**
 * bucketsOf: a matrix of native histograms, or of `le` buckets, as a histogram in time. Counts that are no more than the
 * noise of interpolation are left out.
 */
export function bucketsOf(all: readonly RemoteSeries[], shiftMs: number): RangeReply & { kind: 'buckets' } {
  const cells = all.some(({ histograms }) => histograms !== undefined) ? nativeCells(all) : classicCells(all);
  const filled = cells.filter(([, upper, count]) => count > 1e-6 && Number.isFinite(upper) && upper > 0);
  const times = [...new Set(filled.map(([time]) => time))].sort((a, b) => a - b);
  const bounds = [...new Set(filled.map(([, upper]) => upper))].sort((a, b) => a - b);
  const columnOf = new Map(times.map((time, i) => [time, i]));
  const rowOf = new Map(bounds.map((bound, i) => [bound, i]));
  return {
    kind: 'buckets',
    times: Float64Array.from(times, (time) => time + shiftMs),
    bounds: Float64Array.from(bounds),
    columns: Uint32Array.from(filled, ([time]) => columnOf.get(time)!),
    rows: Uint16Array.from(filled, ([, upper]) => rowOf.get(upper)!),
    counts: Float64Array.from(filled, ([, , count]) => count),
  };
}

function nativeCells(all: readonly RemoteSeries[]): Cell[] {
  return all.flatMap(({ histograms = [] }) =>
    histograms.flatMap(([seconds, { buckets = [] }]) =>
      buckets.map(([, , upper, count]): Cell => [seconds * 1000, numberOf(upper), numberOf(count)]),
    ),
  );
}

/** classicCells: buckets of Prometheus count all that is not above; each is less the one below. */
function classicCells(all: readonly RemoteSeries[]): Cell[] {
  const byTime = new Map<number, [upper: number, count: number][]>();
  for (const { metric, values = [] } of all) {
    const upper = numberOf(metric.le ?? 'NaN');
    for (const [seconds, text] of values) {
      const column = byTime.get(seconds) ?? [];
      column.push([upper, numberOf(text)]);
      byTime.set(seconds, column);
    }
  }
  return [...byTime].flatMap(([seconds, column]) => {
    column.sort(([a], [b]) => a - b);
    return column.map(
      ([upper, count], i): Cell => [seconds * 1000, upper, count - (column[i - 1]?.[1] ?? 0)],
    );
  });
}
