import { expect, test } from 'vitest';
import { formatHash, parseHash, parseStep, type ViewState } from '../../src/app/lib/url.ts';

test.each<ViewState>([
  { page: 'overview', zoom: { kind: 'all' }, buckets: false },
  {
    page: 'cpu',
    zoom: { kind: 'fixed', min: 1_700_000_000_000, max: 1_700_000_060_000 },
    step: 15_000,
    buckets: true,
  },
  {
    page: 'syscall',
    zoom: { kind: 'tail', width: 300_000 },
    step: 100,
    buckets: false,
    plot: 'syscall-total-latency',
  },
  {
    page: 'query',
    zoom: { kind: 'all' },
    buckets: false,
    query: 'sum by (op) (rate(syscall{op=~"a|b&c"}[5m])) + 1',
  },
  { page: 'a/b c', zoom: { kind: 'all' }, buckets: false },
])('a link gives back what it was made of: %j', (state) => {
  expect(parseHash(formatHash(state))).toEqual(state);
});

test('the plain case is a short link', () => {
  expect(formatHash({ page: 'cpu', zoom: { kind: 'all' }, buckets: false })).toBe('#/cpu');
});

test.each(['', '#', '#/', '#/?from=x&to=y', '#/?from=9&to=3', '#/?last=-5s&step=abc', '#/%E0%A4%A'])(
  'nonsense takes the defaults: %s',
  (hash) => {
    expect(parseHash(hash)).toEqual({ page: 'overview', zoom: { kind: 'all' }, buckets: false });
  },
);

test.each([
  ['250ms', 250],
  ['15s', 15_000],
  ['1m', 60_000],
  ['1h', 3_600_000],
  ['0s', undefined],
  ['1', undefined],
  ['1e9s', undefined],
  ['s', undefined],
])('step %s is %s ms', (text, ms) => {
  expect(parseStep(text)).toBe(ms);
});
