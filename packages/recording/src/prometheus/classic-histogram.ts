import { bucketCount, bucketIndex, type HistogramConfig } from '@rezolus/core/histogram';

const groupingPower = 7;

/** ClassicBuckets: the buckets of one classic histogram at one time: cumulative counts by upper bound. */
export type ClassicBuckets = readonly (readonly [le: number, count: number])[];

/**
 * scaleOf: what bounds are multiplied with to be integers: 10^9 for seconds, else the power of ten that makes the
 * smallest bound at least 1.
 */
export function scaleOf(name: string, buckets: ClassicBuckets): number {
  if (name.endsWith('_seconds')) return 1e9;
  const least = buckets.reduce((min, [le]) => (le > 0 && le < min ? le : min), Number.POSITIVE_INFINITY);
  if (!Number.isFinite(least) || least >= 1) return 1;
  return 10 ** Math.min(18, Math.ceil(-Math.log10(least)));
}

/**
 * ClassicHistogram: a histogram of a Prometheus target as an H2 histogram of grouping power 7. What was counted between
 * two bounds is counted at the upper one; above the last finite bound, at that, as `histogram_quantile` does. Counts
 * grow over restarts of the target.
 */
export class ClassicHistogram {
  readonly config: HistogramConfig;
  readonly buckets: BigUint64Array<ArrayBuffer>;
  readonly #scale: number;
  readonly #most: number;
  readonly #last = new Map<number, number>();

  constructor(name: string, first: ClassicBuckets) {
    this.#scale = scaleOf(name, first);
    const finite = first.filter(([le]) => Number.isFinite(le)).map(([le]) => le * this.#scale);
    this.#most = Math.max(1, ...finite);
    const power = Math.ceil(Math.log2(this.#most)) + 1;
    this.config = { groupingPower, maxValuePower: Math.min(64, Math.max(groupingPower + 1, power)) };
    this.buckets = new BigUint64Array(bucketCount(this.config));
  }

  /** add: the buckets of the next scrape. */
  add(classic: ClassicBuckets): void {
    const sorted = [...classic].sort(([a], [b]) => a - b);
    let below = 0;
    for (const [le, cumulative] of sorted) {
      const count = cumulative - below;
      below = cumulative;
      const before = this.#last.get(le) ?? 0;
      this.#last.set(le, count);
      // A target that restarted counts from zero.
      const added = count >= before ? count - before : count;
      if (!(added > 0) || !Number.isFinite(added)) continue;
      const value = Math.min(Math.max(0, Math.round(le * this.#scale)), this.#most);
      const largest = (1n << BigInt(this.config.maxValuePower)) - 1n;
      const whole = BigInt(value);
      this.buckets[bucketIndex(whole < largest ? whole : largest, this.config)]! += BigInt(Math.round(added));
    }
  }
}
