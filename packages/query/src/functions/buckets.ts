/** Bucket: one `le` of a classic histogram with its cumulative count. */
export interface Bucket {
  readonly bound: number;
  count: number;
}

/** Smaller relative differences of neighbouring buckets are rounding errors, not a lack of monotonicity. */
const tolerance = 1e-12;

/** ClassicQuantile: a quantile and whether the counts had to be forced to grow. */
export interface ClassicQuantile {
  readonly value: number;
  readonly fixed: boolean;
}

const plain = (value: number): ClassicQuantile => ({ value, fixed: false });

/** Sorted, with one bucket per bound, or null where the last bound is not +Inf or nothing was counted. */
function prepare(buckets: Bucket[]): { buckets: Bucket[]; fixed: boolean } | null {
  buckets.sort((a, b) => a.bound - b.bound);
  if (buckets.at(-1)?.bound !== Number.POSITIVE_INFINITY) return null;
  const merged: Bucket[] = [];
  for (const bucket of buckets) {
    const last = merged.at(-1);
    if (last?.bound === bucket.bound) last.count += bucket.count;
    else merged.push({ ...bucket });
  }
  let fixed = false;
  for (let i = 1; i < merged.length; i++) {
    const [before, bucket] = [merged[i - 1]!.count, merged[i]!];
    if (bucket.count === before) continue;
    const isClose =
      Math.abs(bucket.count - before) <= tolerance * (Math.abs(bucket.count) + Math.abs(before));
    if (isClose) bucket.count = before;
    else if (bucket.count < before) {
      bucket.count = before;
      fixed = true;
    }
  }
  return { buckets: merged, fixed };
}

/**
 * classicQuantile: of buckets with upper bounds `le`: linear within the bucket, from 0 in the lowest one, the
 * second highest bound for the last one. Prometheus, promql/quantile.go, bucketQuantile.
 */
export function classicQuantile(q: number, unsorted: Bucket[]): ClassicQuantile {
  if (Number.isNaN(q)) return plain(Number.NaN);
  if (q < 0) return plain(Number.NEGATIVE_INFINITY);
  if (q > 1) return plain(Number.POSITIVE_INFINITY);
  const prepared = prepare(unsorted);
  if (prepared === null || prepared.buckets.length < 2) return plain(Number.NaN);
  const { buckets, fixed } = prepared;
  const total = buckets.at(-1)!.count;
  if (total === 0 || Number.isNaN(total)) return plain(Number.NaN);
  let rank = q * total;
  const found = buckets.findIndex((bucket) => bucket.count >= rank);
  const index = found < 0 ? buckets.length - 1 : found;
  if (index === buckets.length - 1) return { value: buckets.at(-2)!.bound, fixed };
  const end = buckets[index]!.bound;
  if (index === 0 && end <= 0) return { value: end, fixed };
  const start = index === 0 ? 0 : buckets[index - 1]!.bound;
  let inside = buckets[index]!.count;
  if (index > 0) {
    inside -= buckets[index - 1]!.count;
    rank -= buckets[index - 1]!.count;
  }
  return { value: start + (end - start) * (rank / inside), fixed };
}

/** classicFraction: share of the observations between two values. Prometheus, promql/quantile.go, bucketFraction. */
export function classicFraction(low: number, high: number, unsorted: Bucket[]): number {
  const prepared = prepare(unsorted);
  if (prepared === null || prepared.buckets.length < 2) return Number.NaN;
  const { buckets } = prepared;
  const total = buckets.at(-1)!.count;
  if (total === 0 || Number.isNaN(total) || Number.isNaN(low) || Number.isNaN(high)) return Number.NaN;
  if (low >= high) return 0;
  const rankAt = (value: number): number => {
    let before = { bound: Number.NEGATIVE_INFINITY, count: 0 };
    for (const [i, bucket] of buckets.entries()) {
      const start = i === 0 && bucket.bound > 0 ? 0 : before.bound;
      if (value <= start) return before.count;
      if (value < bucket.bound) {
        if (bucket.bound === Number.POSITIVE_INFINITY || start === Number.NEGATIVE_INFINITY)
          return before.count;
        return before.count + ((bucket.count - before.count) * (value - start)) / (bucket.bound - start);
      }
      before = bucket;
    }
    return total;
  };
  return (rankAt(high) - rankAt(low)) / total;
}
