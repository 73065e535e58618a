import { expect, test } from 'vitest';
import { alignCaptures, formatChoices, parseChoices, unionOf } from '../../src/app/compare/alignment.ts';
import {
  comparableSeries,
  deviceDifferences,
  differencesOf,
  type Lines,
  largestSeries,
  overlayOf,
  spacingOf,
} from '../../src/app/compare/merge.ts';
import { changeOf, formatChange, sortShifts } from '../../src/app/compare/shift-table.ts';
import { distanceTicks, formatDistance } from '../../src/app/lib/time.ts';
import { formatHash, parseHash } from '../../src/app/lib/url.ts';
import type { Capture, Shift } from '../../src/contract.ts';
import { effectOf } from '../../src/server/shifts/shifts.ts';

const capture = (id: string, startMs: number, endMs: number): Capture => ({
  id,
  alias: `c${id}`,
  kind: 'file',
  name: '',
  startMs,
  endMs,
  intervalMs: 1000,
  series: 1,
  nodes: null,
  metadata: {},
  systeminfo: null,
});

test('captures of other times begin where the base does, those of its own time stay', () => {
  const all = [
    capture('1', 100_000, 200_000),
    capture('2', 900_400, 950_400),
    capture('3', 110_000, 190_000),
  ];
  const shifts = (choices?: Parameters<typeof alignCaptures>[1]) =>
    alignCaptures(all, choices).map(({ capture, shift }) => [capture.id, shift]);
  expect(shifts()).toEqual([
    ['1', 0],
    ['2', -800_000],
    ['3', 0],
  ]);
  expect(
    shifts([
      { id: '2', offset: 0 },
      { id: '1', offset: 1600 },
    ]),
  ).toEqual([
    ['2', 0],
    ['1', 802_000],
  ]);
  expect(shifts([{ id: '9', offset: 0 }])).toEqual(shifts());
  expect(alignCaptures([], undefined)).toEqual([]);
  expect(
    unionOf(
      alignCaptures(all, [
        { id: '1', offset: 0 },
        { id: '2', offset: 70_000 },
      ]),
    ),
  ).toEqual({ min: 100_000, max: 220_400 });
});

test('a link carries the captures, their offsets and what is compared', () => {
  const state = {
    page: 'cpu',
    zoom: { kind: 'all' },
    buckets: false,
    captures: [
      { id: '2', offset: 0 },
      { id: '1', offset: -1500 },
    ],
    node: 'a:9100/&x',
    difference: true,
    picks: { 'cpu-busy': 'p99', compare: '3', odd: 'a:b=c&d' },
  } as const;
  expect(parseHash(formatHash(state))).toEqual(state);
});

test.each(['', 'x', '1,1', '1@x', '1@', '-1', '1,2,', '1'.repeat(8)])('%s is no list of captures', (text) => {
  expect(parseChoices(text)).toBeUndefined();
});
test('a list of captures stays as it was', () => {
  expect(formatChoices(parseChoices('3,1@250,2@-100')!)).toBe('3,1@250,2@-100');
});

const lines = (...series: [Record<string, string>, number[], number[]][]): Lines => ({
  kind: 'lines',
  series: series.map(([labels, times, values]) => ({
    labels,
    times: Float64Array.from(times),
    values: Float64Array.from(values),
  })),
});
const p = (quantile: string) => ({ quantile });

test('series of the same name lie over each other, one per capture', () => {
  const all = [
    { alias: 'a', reply: lines([p('0.5'), [0, 1, 2], [1, 2, 3]], [p('0.99'), [0, 1], [5, 6]]) },
    { alias: 'b', reply: lines([p('0.99'), [1, 2], [10, 20]]) },
    { alias: 'c', reply: null },
  ];
  expect(comparableSeries(all)).toEqual(['p50', 'p99']);
  expect(largestSeries(all)).toBe('p99');
  const overlay = overlayOf(all, 'p99');
  expect(overlay.series.map(({ labels, values }) => [labels.capture, [...values]])).toEqual([
    ['a', [5, 6]],
    ['b', [10, 20]],
    ['c', []],
  ]);
  const apart = differencesOf(all, 'p99');
  // Only where both have a value; nothing is filled in.
  expect(apart.series.map(({ labels, times, values }) => [labels.capture, [...times], [...values]])).toEqual([
    ['b − a', [1], [4]],
    ['c − a', [], []],
  ]);
});

test('devices differ row by row, those of one side only are left out', () => {
  const apart = deviceDifferences(
    lines([{ id: '0' }, [0, 1], [1, 1]], [{ id: '1' }, [0, 1], [1, 1]]),
    lines([{ id: '1' }, [0, 1], [5, Number.NaN]], [{ id: '2' }, [0], [1]]),
  );
  expect(apart.series.map(({ labels, values }) => [labels.id, [...values]])).toEqual([
    ['1', [4, Number.NaN]],
  ]);
});

test('merged points say how far apart they are', () => {
  expect(spacingOf(lines([{}, [0, 3000, 9000], [1, 1, 1]]), 1000)).toBe(3000);
  expect(spacingOf(lines([{}, [0], [1]]), 1000)).toBe(1000);
  expect(spacingOf(lines(), 1000)).toBe(1000);
});

test('changes are told in words of their size', () => {
  expect([changeOf(10, 12), changeOf(0, 5), changeOf(0, 0), changeOf(undefined, 1)]).toEqual([
    0.2,
    null,
    0,
    null,
  ]);
  expect([0.2, -0.034, 0, 24, 1.5, -0.9999, null].map(formatChange)).toEqual([
    '+20 %',
    '−3.4 %',
    '+0 %',
    '×25',
    '+150 %',
    '−100 %',
    '–',
  ]);
});

test('the table is filtered by words and sorted by what was changed most', () => {
  const shift = (title: string, base: number, other: number, effect: number): Shift => {
    const spread = (median: number) => ({ count: 1, mean: median, median, p99: median });
    return {
      title,
      section: 'cpu',
      query: title,
      unit: 'count',
      base: spread(base),
      other: spread(other),
      effect,
    };
  };
  const all = [shift('b one', 10, 11, -0.9), shift('a one', 10, 40, 0.5), shift('c two', 0, 1, 0.1)];
  const titles = (...how: [Parameters<typeof sortShifts>[1], string]) =>
    sortShifts(all, ...how).map(({ title }) => title);
  expect(titles('size', '')).toEqual(['b one', 'a one', 'c two']);
  expect(titles('title', 'CPU')).toEqual(['a one', 'b one', 'c two']);
  expect(titles('median', 'one')).toEqual(['a one', 'b one']);
  expect(titles('effect', '')).toEqual(['b one', 'a one', 'c two']);
});

test('the effect is Cliff’s delta', () => {
  const sketch = (quantiles: number[]) => ({ count: 1, mean: 0, quantiles: Float64Array.from(quantiles) });
  expect(effectOf(sketch([1, 2, 3]), sketch([4, 5, 6]))).toBe(1);
  expect(effectOf(sketch([1, 2, 3]), sketch([1, 2, 3]))).toBe(0);
  // By hand: of 9 pairs 3 are above, 4 below, 2 equal.
  expect(effectOf(sketch([2, 3, 5]), sketch([1, 3, 5]))).toBeCloseTo((3 - 4) / 9);
  expect(effectOf(null, sketch([1]))).toBe(0);
});

test('distances from a beginning', () => {
  expect([0, 4_000, 65_500, 3_600_000, -2_000].map(formatDistance)).toEqual([
    '+0:00',
    '+0:04',
    '+1:05.5',
    '+1:00:00',
    '-0:02',
  ]);
  expect(distanceTicks(1_000_400, 1_360_400, 6, 1_000_400).ticks.map((tick) => tick - 1_000_400)).toEqual([
    0, 60_000, 120_000, 180_000, 240_000, 300_000, 360_000,
  ]);
});
