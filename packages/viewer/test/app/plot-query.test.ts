import { expect, test } from 'vitest';
import {
  answers,
  drawnAs,
  isEmpty,
  plotQuery,
  pointBudget,
  rangeRequest,
} from '../../src/app/lib/plot-query.ts';
import type { Plot, RangeReply } from '../../src/contract.ts';

const plot: Plot = { id: 'p', title: 'P', style: 'auto', unit: 'rate', query: 'm', width: 'half' };
const lines = (...labels: Record<string, string>[]): RangeReply => ({
  kind: 'lines',
  series: labels.map((label) => ({ labels: label, times: Float64Array.of(1), values: Float64Array.of(1) })),
});

test('a percentile plot asks for quantiles or for buckets', () => {
  const latency: Plot = { ...plot, style: 'percentiles', query: 'syscall_latency{op="read"}' };
  expect(plotQuery(latency, { buckets: false, alternative: false })).toBe(
    'histogram_quantiles([0.5, 0.9, 0.99, 0.999, 0.9999], syscall_latency{op="read"})',
  );
  expect(plotQuery(latency, { buckets: true, alternative: false })).toBe(
    'histogram_heatmap(syscall_latency{op="read"})',
  );
});

test('a plot asks its alternative where that is chosen', () => {
  const mean: Plot = { ...plot, alternative: { label: 'Total', query: 'n' } };
  expect(plotQuery(mean, { buckets: true, alternative: true })).toBe('n');
  expect(plotQuery(plot, { buckets: false, alternative: true })).toBe('m');
});

test('the answer decides what draws it', () => {
  expect(drawnAs(plot, lines({}))).toBe('line');
  expect(drawnAs({ ...plot, style: 'heatmap' }, lines())).toBe('line');
  expect(drawnAs(plot, lines({ id: '0' }, { id: '1' }))).toBe('devices');
  expect(drawnAs(plot, lines({ op: 'a' }, { op: 'b' }))).toBe('lines');
  expect(drawnAs({ ...plot, style: 'heatmap' }, lines({ id: '0' }))).toBe('line');
  expect(drawnAs({ ...plot, style: 'lines' }, lines({ id: '0' }, { id: '1' }))).toBe('lines');
  expect(drawnAs({ ...plot, style: 'percentiles' }, lines({ quantile: '0.5' }))).toBe('percentiles');
});

test('an answer without a finite value is empty', () => {
  expect(isEmpty(lines())).toBe(true);
  expect(isEmpty(lines({}))).toBe(false);
  const nothing = { labels: {}, times: Float64Array.of(1), values: Float64Array.of(Number.NaN) };
  expect(isEmpty({ kind: 'lines', series: [nothing] })).toBe(true);
});

const bounds = { min: 0, max: 1_000_000 };

test('requests lie on ticks that do not depend on the window', () => {
  expect(rangeRequest('m', { min: 10_300, max: 20_100 }, bounds, 1000, 300)).toEqual({
    query: 'm',
    start: 9000,
    end: 22_000,
    step: 1000,
    points: 300,
  });
});

test('requests stay inside the capture', () => {
  const capture = { min: 10_500, max: 20_400 };
  expect(rangeRequest('m', capture, capture, 1000, 300)).toMatchObject({ start: 10_000, end: 20_000 });
  expect(rangeRequest('m', capture, capture, 60_000, 300)).toMatchObject({ start: 0, end: 0 });
});

test('unmerged points of a wider window answer a narrower one, merged ones do not', () => {
  const had = rangeRequest('m', { min: 0, max: 100_000 }, bounds, 1000, 300);
  const narrower = rangeRequest('m', { min: 20_000, max: 40_000 }, bounds, 1000, 300);
  const merged = lines({});
  if (merged.kind === 'lines')
    Object.assign(merged.series[0]!, { min: Float64Array.of(0), max: Float64Array.of(2) });
  expect(answers(had, lines({}), narrower)).toBe(true);
  expect(answers(had, merged, narrower)).toBe(false);
  expect(answers(had, merged, had)).toBe(true);
  expect(answers(narrower, lines({}), had)).toBe(false);
  expect(answers(had, lines({}), { ...narrower, query: 'n' })).toBe(false);
  expect(answers(had, lines({}), { ...narrower, step: 5000 })).toBe(false);
});

test('the point budget follows the width in coarse steps', () => {
  expect(pointBudget(560, false)).toBe(600);
  expect(pointBudget(590, false)).toBe(600);
  expect(pointBudget(560, true)).toBe(300);
  expect(pointBudget(10, false)).toBe(100);
  expect(pointBudget(4000, false)).toBe(1000);
});
