/**
 * HistogramConfig: the shape of an H2 histogram: 2^groupingPower linear buckets per power of two, values up to
 * 2^maxValuePower - 1. The relative width of a bucket is at most 2^-groupingPower.
 */
export interface HistogramConfig {
  readonly groupingPower: number;
  readonly maxValuePower: number;
}

/** defaultHistogram: the shape of every histogram that our kernel programs fill: 496 buckets, 12.5 % wide. */
export const defaultHistogram: HistogramConfig = { groupingPower: 3, maxValuePower: 64 };

/** bucketCount: how many buckets a histogram of this shape has, (m - g + 1) * 2^g. */
export function bucketCount({ groupingPower: g, maxValuePower: m }: HistogramConfig): number {
  return (m - g + 1) * 2 ** g;
}

/** isHistogramConfig: whether the two powers make a histogram (0 <= g < m <= 64, g at most 7 as in the original). */
export function isHistogramConfig({ groupingPower: g, maxValuePower: m }: HistogramConfig): boolean {
  return Number.isInteger(g) && Number.isInteger(m) && g >= 0 && g <= 16 && m > g && m <= 64;
}

/** bucketIndex: the bucket that holds `value` (a u64). Throws RangeError where the value is beyond 2^m - 1. */
export function bucketIndex(value: bigint, config: HistogramConfig): number {
  const { groupingPower: g, maxValuePower: m } = config;
  if (value < 0n || value >> BigInt(m) !== 0n) throw new RangeError(`${value} is not in [0, 2^${m})`);
  if (value < BigInt(2 ** (g + 1))) return Number(value);
  const power = bitLength(value) - 1;
  const offset = Number((value - (1n << BigInt(power))) >> BigInt(power - g));
  return (power - g + 1) * 2 ** g + offset;
}

function bitLength(value: bigint): number {
  const high = Number(value >> 32n);
  return high === 0 ? 32 - Math.clz32(Number(value & 0xffff_ffffn)) : 64 - Math.clz32(high);
}

/** bucketLower: the smallest value that falls into bucket `index`. */
export function bucketLower(index: number, { groupingPower: g }: HistogramConfig): bigint {
  const group = Math.floor(index / 2 ** g);
  const step = BigInt(index % 2 ** g);
  return group === 0 ? step : (BigInt(2 ** g) + step) << BigInt(group - 1);
}

/** bucketUpper: the largest value that falls into bucket `index` (inclusive). */
export function bucketUpper(index: number, config: HistogramConfig): bigint {
  if (index === bucketCount(config) - 1) return (1n << BigInt(config.maxValuePower)) - 1n;
  return bucketLower(index + 1, config) - 1n;
}

const boundCache = new Map<string, Float64Array>();

/**
 * bucketBounds: the exclusive upper end of each bucket as a double (= lower end of the next one), shared and not to
 * be written. Bounds are powers of two times at most 2^g + 1, so they are exact up to 2^64.
 */
export function bucketBounds(config: HistogramConfig): Float64Array {
  const key = `${config.groupingPower}/${config.maxValuePower}`;
  let bounds = boundCache.get(key);
  if (bounds === undefined) {
    bounds = new Float64Array(bucketCount(config));
    for (let i = 0; i < bounds.length; i++) bounds[i] = Number(bucketUpper(i, config) + 1n);
    boundCache.set(key, bounds);
  }
  return bounds;
}
