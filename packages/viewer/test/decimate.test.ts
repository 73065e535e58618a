import { expect, test } from 'vitest';
import { lineMerger, mergeBuckets, mergeWidth } from '../src/server/decimate.ts';

const window = { startMs: 1_700_000_000_500, endMs: 1_700_000_000_500 + 9_999_000, stepMs: 1000 };
const times = Float64Array.from({ length: 10_000 }, (_, i) => window.startMs + i * 1000);

test('merged points keep every extreme and the mean', () => {
  const values = times.map((_, i) => (i % 100) + Math.sin(i));
  values[1234] = 1e9;
  values[7777] = -1e9;
  const merge = lineMerger(window, 300);
  const { min, max, values: means, times: merged } = merge({ labels: {}, times, values });
  expect(means.length).toBeLessThanOrEqual(300);
  expect(means.length).toBeGreaterThan(250);
  expect(Math.max(...max!)).toBe(1e9);
  expect(Math.min(...min!)).toBe(-1e9);
  const width = mergeWidth(window, 300);
  merged.forEach((time, cell) => {
    const inside = [...values].filter((_, i) => Math.abs(times[i]! - time) <= (width - 1000) / 2);
    expect(min![cell]).toBe(Math.min(...inside));
    expect(max![cell]).toBe(Math.max(...inside));
    expect(means[cell]).toBeCloseTo(inside.reduce((a, b) => a + b) / inside.length, 6);
  });
});

test('cells stay where they are when the window moves on', () => {
  const values = times.map((_, i) => i);
  const part = (from: number) => {
    const to = from + 5000;
    const moved = { startMs: times[from]!, endMs: times[to - 1]!, stepMs: 1000 };
    return lineMerger(
      moved,
      100,
    )({ labels: {}, times: times.slice(from, to), values: values.slice(from, to) });
  };
  const [first, second] = [part(0), part(7)];
  const at = second.times.indexOf(first.times[10]!);
  expect(at).toBeGreaterThan(0);
  expect(second.values[at]).toBe(first.values[10]);
});

test('gaps stay gaps, and NaN hides nothing', () => {
  const holes = times.filter((_, i) => i < 2000 || i >= 6000);
  const values = holes.map((_, i) => (i % 2 === 0 ? Number.NaN : 5)).fill(Number.NaN, 4000);
  const merged = lineMerger(window, 300)({ labels: {}, times: holes, values });
  const widest = Math.max(...merged.times.slice(1).map((time, i) => time - merged.times[i]!));
  expect(widest).toBeGreaterThanOrEqual(3_900_000);
  expect(merged.values[0]).toBe(5);
  expect(merged.max![0]).toBe(5);
  expect(merged.values.at(-1)).toBeNaN();
});

test.each([2, 3, 10, 299, 300, 9999])('never more than %i points', (points) => {
  const merged = lineMerger(window, points)({ labels: {}, times, values: times });
  expect(merged.times.length).toBeLessThanOrEqual(points);
});

test('merged bucket columns keep every count', () => {
  const columns: number[] = [];
  const rows: number[] = [];
  for (let column = 0; column < 1000; column++) {
    for (let row = column % 3; row < 50; row += 7) {
      columns.push(column);
      rows.push(row);
    }
  }
  const reply = {
    kind: 'buckets' as const,
    times: times.slice(0, 1000),
    bounds: Float64Array.from({ length: 50 }, (_, i) => i + 1),
    columns: Uint32Array.from(columns),
    rows: Uint16Array.from(rows),
    counts: Float64Array.from(columns, (column) => column + 1),
  };
  const merged = mergeBuckets(reply, 120);
  expect(merged.times.length).toBeLessThanOrEqual(120);
  const sum = (counts: Float64Array) => counts.reduce((a, b) => a + b, 0);
  expect(sum(merged.counts)).toBe(sum(reply.counts));
  const inRow = (one: typeof merged, row: number) => sum(one.counts.filter((_, i) => one.rows[i] === row));
  for (let row = 0; row < 50; row++) expect(inRow(merged, row)).toBe(inRow(reply, row));
  expect(merged.columns.at(-1)).toBe(merged.times.length - 1);
  expect(merged.times.at(-1)).toBe(reply.times.at(-1));
  expect(mergeBuckets(reply, 1000)).toBe(reply);
});
