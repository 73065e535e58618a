import { type Histogram, shapeOf } from '../histogram.ts';

/** count: number of observations. */
export function count({ counts }: Histogram): number {
  let total = 0;
  for (const each of counts) total += each;
  return total;
}

/** sum: of all observations, each taken to be in the middle of its bucket. */
export function sum({ buckets, counts, config }: Histogram): number {
  const { middles } = shapeOf(config);
  let total = 0;
  for (let i = 0; i < buckets.length; i++) total += counts[i]! * middles[buckets[i]!]!;
  return total;
}

/** variance: mean square distance from the mean, observations in the middle of their buckets. */
export function variance(histogram: Histogram): number {
  const { buckets, counts, config } = histogram;
  const total = count(histogram);
  const mean = sum(histogram) / total;
  const { middles } = shapeOf(config);
  let squares = 0;
  for (let i = 0; i < buckets.length; i++) squares += counts[i]! * (middles[buckets[i]!]! - mean) ** 2;
  return squares / total;
}

/** quantile: linear within the bucket; NaN without observations, -Inf and +Inf for q outside of 0..1. */
export function quantile(q: number, { buckets, counts, config }: Histogram): number {
  if (Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  let total = 0;
  for (const each of counts) total += each;
  if (!(total > 0)) return Number.NaN;
  const rank = q * total;
  const { starts, ends } = shapeOf(config);
  let below = 0;
  for (let i = 0; i < buckets.length; i++) {
    const inside = counts[i]!;
    if (below + inside >= rank || i === buckets.length - 1) {
      const start = starts[buckets[i]!]!;
      return start + (ends[buckets[i]!]! - start) * Math.min(1, Math.max(0, (rank - below) / inside));
    }
    below += inside;
  }
  return Number.NaN;
}

/** fraction: share of the observations between two values, linear within a bucket. */
export function fraction(low: number, high: number, { buckets, counts, config }: Histogram): number {
  if (Number.isNaN(low) || Number.isNaN(high)) return Number.NaN;
  const { starts, ends } = shapeOf(config);
  let [inside, total] = [0, 0];
  for (let i = 0; i < buckets.length; i++) {
    const [start, end] = [starts[buckets[i]!]!, ends[buckets[i]!]!];
    const overlap = Math.min(high, end) - Math.max(low, start);
    if (overlap > 0) inside += (counts[i]! * overlap) / (end - start);
    total += counts[i]!;
  }
  if (total === 0) return Number.NaN;
  return high <= low ? 0 : inside / total;
}

/** histogramFunctions: native histogram to double. */
export const histogramFunctions: Readonly<Record<string, (histogram: Histogram) => number>> = {
  histogram_count: count,
  histogram_sum: sum,
  histogram_avg: (histogram) => sum(histogram) / count(histogram),
  histogram_stdvar: variance,
  histogram_stddev: (histogram) => Math.sqrt(variance(histogram)),
};
