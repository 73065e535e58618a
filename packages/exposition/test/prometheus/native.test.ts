import { bucketCount, bucketLower, bucketUpper, defaultHistogram, type HistogramValue } from '@rezolus/core';
import { describe, expect, it } from 'vitest';
import { toNative } from '../../src/index.ts';
import { histogramOf } from './snapshots.ts';

/** bucketsOf: exponential index to count, as the protobuf definition reads spans. */
function bucketsOf({ spans, counts }: ReturnType<typeof toNative>): Map<number, number> {
  const buckets = new Map<number, number>();
  let index = 0;
  let position = 0;
  for (let i = 0; i < spans.length; i += 2) {
    index += spans[i]!;
    for (let left = spans[i + 1]!; left > 0; left--) buckets.set(index++, counts[position++]!);
  }
  expect(position).toBe(counts.length);
  return buckets;
}

const onlyBucket = (index: number, count: bigint): HistogramValue => {
  const buckets = new BigUint64Array(bucketCount(defaultHistogram));
  buckets[index] = count;
  return { config: defaultHistogram, buckets };
};

describe('toNative', () => {
  it('keeps counts, puts 0 into the zero bucket and exact values where they belong', () => {
    const native = toNative(histogramOf([0, 0, 1, 2, 3, 8, 15]));
    expect(native).toMatchObject({ schema: 3, count: 7, zeroCount: 2, sum: 29 });
    const expected = [1, 2, 3, 8, 15].map((value) => Math.ceil(Math.log2(value) * 8));
    expect([...bucketsOf(native)].filter(([, count]) => count > 0).map(([index]) => index)).toEqual(expected);
  });

  it('is empty where nothing was counted', () => {
    expect(toNative(histogramOf([]))).toMatchObject({
      count: 0,
      sum: 0,
      zeroCount: 0,
      spans: [],
      counts: [],
    });
  });

  it('never is further off than documented, whatever was counted', () => {
    let below = 0;
    let above = 0;
    for (let index = 1; index < bucketCount(defaultHistogram); index++) {
      for (const count of [1n, 2n, 3n, 1000n]) {
        const native = toNative(onlyBucket(index, count));
        const filled = [...bucketsOf(native)].filter(([, part]) => part > 0);
        expect(filled.reduce((sum, [, part]) => sum + part, 0)).toBe(Number(count));
        // A server may say anything within an exponential bucket for anything within ours.
        const lowest = 2 ** ((filled[0]![0] - 1) / 8);
        const highest = 2 ** (filled.at(-1)![0] / 8);
        above = Math.max(above, highest / Number(bucketLower(index, defaultHistogram)) - 1);
        below = Math.max(below, 1 - lowest / Number(bucketUpper(index, defaultHistogram)));
      }
    }
    expect(above).toBeLessThanOrEqual(0.1893);
    expect(below).toBeLessThanOrEqual(0.136);
    expect(above).toBeGreaterThan(0.18);
  });

  it('never lets a bucket fall while ours grow, which servers take for a restart', () => {
    let state = 12345;
    const random = () => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return state / 2147483648;
    };
    for (const config of [
      defaultHistogram,
      { groupingPower: 4, maxValuePower: 64 },
      { groupingPower: 7, maxValuePower: 40 },
      { groupingPower: 0, maxValuePower: 64 },
    ]) {
      const buckets = new BigUint64Array(bucketCount(config));
      let before = new Map<number, number>();
      for (let step = 0; step < 300; step++) {
        const index = Math.floor(random() * Math.min(buckets.length, 200));
        buckets[index] = buckets[index]! + BigInt(1 + Math.floor(random() * 5));
        const native = toNative({ config, buckets });
        const now = bucketsOf(native);
        for (const [bucket, count] of before) expect(now.get(bucket) ?? 0).toBeGreaterThanOrEqual(count);
        expect([...now.values()].reduce((a, b) => a + b, native.zeroCount)).toBe(native.count);
        before = now;
      }
    }
  });

  it('is within half a percent of the ranks for a smooth distribution', () => {
    const values = Array.from({ length: 20_000 }, (_, i) =>
      Math.round(1000 * Math.exp(3 * ((i + 0.5) / 20_000))),
    );
    const native = toNative(histogramOf(values));
    let cumulative = 0;
    for (const [index, count] of bucketsOf(native)) {
      cumulative += count;
      const bound = 2 ** (index / 8);
      const truth = values.filter((value) => value <= bound).length;
      expect(Math.abs(cumulative - truth) / values.length).toBeLessThan(0.005);
    }
    const sum = values.reduce((a, b) => a + b, 0);
    expect(Math.abs(native.sum / sum - 1)).toBeLessThan(0.005);
  });

  it('takes counts up to 2^53 and the largest values', () => {
    const native = toNative(onlyBucket(495, 2n ** 53n - 1n));
    expect(native.count).toBe(2 ** 53 - 1);
    expect(native.counts.reduce((a, b) => a + b, 0)).toBe(2 ** 53 - 1);
  });
});
