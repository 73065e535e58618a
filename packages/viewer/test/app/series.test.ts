import { describe, expect, test } from 'vitest';
import { align, gapLimit, indexAt, type LineSeries, summarize, valueAt } from '../../src/app/lib/series.ts';

const series = (points: readonly (readonly [number, number])[], labels = {}): LineSeries => ({
  labels,
  times: Float64Array.from(points, ([time]) => time),
  values: Float64Array.from(points, ([, value]) => value),
});

describe('align', () => {
  test('breaks a line where points are more than 1.5 steps apart', () => {
    const { times, values } = align(
      [
        series([
          [0, 1],
          [1000, 2],
          [2500, 3],
          [4001, 4],
        ]),
      ],
      1000,
    );
    expect(times).toEqual([0, 1000, 2500, 3250.5, 4001]);
    expect(values).toEqual([[1, 2, 3, null, 4]]);
  });

  test('lets a line pass the times of other series', () => {
    const { times, values } = align(
      [
        series([
          [0, 1],
          [1000, 2],
        ]),
        series([[500, 9]]),
      ],
      1000,
    );
    expect(times).toEqual([0, 500, 1000]);
    expect(values).toEqual([
      [1, undefined, 2],
      [undefined, 9, undefined],
    ]);
  });

  test('takes values that are no numbers for gaps', () => {
    expect(
      align(
        [
          series([
            [0, 1],
            [1000, Number.NaN],
            [2000, 3],
          ]),
        ],
        1000,
      ).values,
    ).toEqual([[1, null, 3]]);
  });

  test('finds points that no line shows', () => {
    const points = [
      [0, 1],
      [1000, 2],
      [9000, 3],
      [20_000, 4],
      [21_000, 5],
      [30_000, 6],
    ] as const;
    const { times, isolated } = align([series(points)], 1000);
    expect(isolated[0]!.map((i) => times[i])).toEqual([9000, 30_000]);
    expect(align([series([[5, 1]])], 1000).isolated).toEqual([[0]]);
  });

  test('keeps the extremes of merged points', () => {
    const merged = {
      ...series([
        [0, 2],
        [4000, 3],
      ]),
      min: Float64Array.of(1, 2),
      max: Float64Array.of(9, 8),
    };
    expect(align([merged], 1000).envelopes).toEqual([{ min: [1, 2], max: [9, 8] }]);
    expect(align([series([[0, 2]])], 1000).envelopes).toEqual([null]);
  });
});

test('merged points are a merged step apart', () => {
  const times = Float64Array.of(0, 5000, 10_000, 20_000);
  const zeros = new Float64Array(4);
  expect(gapLimit({ labels: {}, times, values: zeros }, 1000)).toBe(1500);
  expect(gapLimit({ labels: {}, times, values: zeros, min: zeros, max: zeros }, 1000)).toBe(7500);
});

test('indexAt agrees with a linear search', () => {
  const times = [1, 4, 5, 9, 30];
  for (let at = -3; at < 40; at += 0.7) {
    const nearest = times.reduce(
      (best, time, i) => (Math.abs(time - at) < Math.abs(times[best]! - at) ? i : best),
      0,
    );
    expect(indexAt(times, at)).toBe(nearest);
  }
  expect(indexAt([], 4)).toBe(-1);
});

test('valueAt takes the nearest point within reach', () => {
  const line = series([
    [0, 1],
    [1000, 2],
    [2000, Number.NaN],
  ]);
  expect(valueAt(line, 700, 500)).toBe(2);
  expect(valueAt(line, 2000, 500)).toBeUndefined();
  expect(valueAt(line, 9000, 500)).toBeUndefined();
});

test('summarize counts what the window shows, merged points by their extremes', () => {
  const line = {
    ...series([
      [0, 100],
      [1000, 2],
      [2000, 4],
      [3000, Number.NaN],
    ]),
    min: Float64Array.of(0, 1, 3, Number.NaN),
    max: Float64Array.of(0, 5, 6, Number.NaN),
  };
  expect(summarize(line, { min: 500, max: 4000 })).toEqual({ min: 1, mean: 3, max: 6 });
  expect(summarize(line, { min: 5000, max: 9000 })).toBeUndefined();
});
