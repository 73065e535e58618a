import { describe, expect, it } from 'vitest';
import {
  bucketBounds,
  bucketCount,
  bucketIndex,
  bucketLower,
  bucketUpper,
  defaultHistogram,
  isHistogramConfig,
} from '../src/histogram.ts';

// value, index, lower, upper of grouping power 3, max value power 64; made by the original's crate histogram 1.5.
const vectors: [bigint, number, bigint, bigint][] = [
  [0n, 0, 0n, 0n],
  [7n, 7, 7n, 7n],
  [15n, 15, 15n, 15n],
  [16n, 16, 16n, 17n],
  [17n, 16, 16n, 17n],
  [18n, 17, 18n, 19n],
  [31n, 23, 30n, 31n],
  [32n, 24, 32n, 35n],
  [36n, 25, 36n, 39n],
  [63n, 31, 60n, 63n],
  [64n, 32, 64n, 71n],
  [100n, 36, 96n, 103n],
  [128n, 40, 128n, 143n],
  [1000n, 63, 960n, 1023n],
  [1024n, 64, 1024n, 1151n],
  [4095n, 79, 3840n, 4095n],
  [65_535n, 111, 61_440n, 65_535n],
  [65_536n, 112, 65_536n, 73_727n],
  [1_000_000n, 143, 983_040n, 1_048_575n],
  [1_000_000_000n, 222, 939_524_096n, 1_006_632_959n],
  [2n ** 31n, 232, 2_147_483_648n, 2_415_919_103n],
  [2n ** 32n, 240, 4_294_967_296n, 4_831_838_207n],
  [2n ** 62n, 480, 4_611_686_018_427_387_904n, 5_188_146_770_730_811_391n],
  [2n ** 63n - 1n, 487, 8_646_911_284_551_352_320n, 9_223_372_036_854_775_807n],
  [2n ** 63n, 488, 9_223_372_036_854_775_808n, 10_376_293_541_461_622_783n],
  [2n ** 64n - 1n, 495, 17_293_822_569_102_704_640n, 18_446_744_073_709_551_615n],
];

describe('H2 histograms', () => {
  it.each(vectors)('puts %i into bucket %i, [%i, %i]', (value, index, lower, upper) => {
    expect(bucketIndex(value, defaultHistogram)).toBe(index);
    expect(bucketLower(index, defaultHistogram)).toBe(lower);
    expect(bucketUpper(index, defaultHistogram)).toBe(upper);
  });

  it.each([
    [0, 65],
    [1, 128],
    [2, 252],
    [3, 496],
    [4, 976],
    [5, 1920],
    [6, 3776],
    [7, 7424],
  ])('has for grouping power %i %i buckets', (groupingPower, count) => {
    expect(bucketCount({ groupingPower, maxValuePower: 64 })).toBe(count);
  });

  it.each([
    defaultHistogram,
    { groupingPower: 0, maxValuePower: 2 },
    { groupingPower: 7, maxValuePower: 40 },
  ])('covers the range of %o without gap or overlap', (config) => {
    const bounds = bucketBounds(config);
    for (let i = 0; i < bucketCount(config); i++) {
      const [lower, upper] = [bucketLower(i, config), bucketUpper(i, config)];
      expect(lower).toBe(i === 0 ? 0n : bucketUpper(i - 1, config) + 1n);
      expect([bucketIndex(lower, config), bucketIndex(upper, config)]).toEqual([i, i]);
      expect(BigInt(bounds[i]!)).toBe(upper + 1n);
    }
  });

  it('refuses a value beyond its range', () => {
    const config = { groupingPower: 0, maxValuePower: 2 };
    expect(bucketIndex(3n, config)).toBe(2);
    expect(() => bucketIndex(4n, config)).toThrow(RangeError);
    expect(() => bucketIndex(-1n, config)).toThrow(RangeError);
  });

  it.each([
    [3, 64, true],
    [0, 1, true],
    [3, 3, false],
    [3, 65, false],
    [-1, 64, false],
    [1.5, 64, false],
    [Number.NaN, 64, false],
  ])('takes powers %d and %d as a config: %s', (groupingPower, maxValuePower, valid) => {
    expect(isHistogramConfig({ groupingPower, maxValuePower })).toBe(valid);
  });
});
