import { bucketUpper, type HistogramValue } from '@rezolus/core';

/** quantiles: the ones that the original exports. */
export const quantiles: readonly number[] = [0.5, 0.9, 0.99, 0.999, 0.9999];

/** counts: bucket counts as doubles, exact up to 2^53, without a BigInt per bucket. */
export function counts({ buckets }: HistogramValue, into: Float64Array): Float64Array {
  const words = new Uint32Array(buckets.buffer, buckets.byteOffset, buckets.length * 2);
  for (let i = 0; i < buckets.length; i++) into[i] = words[2 * i]! + words[2 * i + 1]! * 2 ** 32;
  return into;
}

let now = new Float64Array(0);
let before = new Float64Array(0);

/**
 * quantilesOfWindow: what was counted between two readings of one histogram, as the inclusive upper bound of the bucket
 * with rank max(1, ceil(q * n)); null where nothing was. Without `base`, or where a bucket went back (the agent or the
 * entity restarted), everything that `current` holds counts.
 */
export function quantilesOfWindow(current: HistogramValue, base: HistogramValue | null): bigint[] | null {
  const length = current.buckets.length;
  if (now.length < length) {
    now = new Float64Array(length);
    before = new Float64Array(length);
  }
  counts(current, now);
  if (base !== null && sameShape(current, base) && !wentBack(counts(base, before), length)) {
    for (let i = 0; i < length; i++) now[i] = now[i]! - before[i]!;
  }
  let total = 0;
  for (let i = 0; i < length; i++) total += now[i]!;
  if (total === 0) return null;
  const bounds: bigint[] = [];
  let bucket = 0;
  let cumulative = now[0]!;
  for (const quantile of quantiles) {
    const rank = Math.max(1, Math.ceil(quantile * total));
    while (cumulative < rank && bucket < length - 1) cumulative += now[++bucket]!;
    bounds.push(bucketUpper(bucket, current.config));
  }
  return bounds;
}

function wentBack(base: Float64Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (now[i]! < base[i]!) return true;
  return false;
}

function sameShape(a: HistogramValue, b: HistogramValue): boolean {
  return a.config.groupingPower === b.config.groupingPower && a.buckets.length === b.buckets.length;
}
