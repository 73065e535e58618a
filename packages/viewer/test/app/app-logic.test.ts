import { expect, test } from 'vitest';
import { ReplyCache } from '../../src/app/lib/cache.ts';
import { guessUnit, markedLine, offsetOf, positionOf, resultRows } from '../../src/app/lib/query-page.ts';
import { shortcutOf } from '../../src/app/lib/shortcuts.ts';
import { sparkline } from '../../src/app/lib/sparkline.ts';
import { stepChoices } from '../../src/app/lib/steps.ts';
import type { RangeReply } from '../../src/contract.ts';

const reply = (points: number): RangeReply => ({
  kind: 'lines',
  series: [{ labels: {}, times: new Float64Array(points), values: new Float64Array(points) }],
});

test('the cache drops what was used longest ago', () => {
  const cache = new ReplyCache(4000);
  cache.set('a', reply(100));
  cache.set('b', reply(100));
  cache.get('a');
  cache.set('c', reply(100));
  expect(cache.get('b')).toBeUndefined();
  expect(cache.get('a')).toBeDefined();
  expect(cache.get('c')).toBeDefined();
});

test('an answer larger than the cache does not empty it for good', () => {
  const cache = new ReplyCache(4000);
  cache.set('huge', reply(10_000));
  expect(cache.get('huge')).toBeUndefined();
  cache.set('small', reply(10));
  expect(cache.get('small')).toBeDefined();
});

test('steps are none finer than the recording and leave two points', () => {
  expect(stepChoices(1000, 240_000)).toEqual([1000, 5000, 15_000, 60_000]);
  expect(stepChoices(100, 20_000)).toEqual([100, 250, 500, 1000, 5000]);
  expect(stepChoices(1000, 10_000, 60_000)).toEqual([1000, 5000, 60_000]);
});

test('keys are shortcuts, but not while someone types', () => {
  const key = (name: string, more = {}) => ({
    key: name,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    ...more,
  });
  expect(shortcutOf(key('?'), 'BODY')).toBe('help');
  expect(shortcutOf(key('Escape'), 'DIV')).toBe('reset');
  expect(shortcutOf(key('s'), 'TEXTAREA')).toBeUndefined();
  expect(shortcutOf(key('s', { ctrlKey: true }), 'BODY')).toBeUndefined();
  expect(shortcutOf(key('constructor'), 'BODY')).toBeUndefined();
});

test('a parse error is marked below its place', () => {
  const query = 'sum(\n  rate(x[5m]';
  const position = positionOf('2:12: unclosed parenthesis');
  expect(position).toEqual({ line: 2, column: 12 });
  expect(markedLine(query, position!)).toEqual({ text: '  rate(x[5m]', caret: `${' '.repeat(11)}^` });
  expect(offsetOf(query, { line: 2, column: 3 })).toBe(query.indexOf('rate'));
  expect(positionOf('no data')).toBeNull();
  expect(markedLine(query, { line: 9, column: 1 })).toBeNull();
});

test.each([
  ['sum(irate(syscall[5m]))', 'rate'],
  ['memory_total', 'bytes'],
  ['sum(rate(network_bytes[5m]))', 'datarate'],
  ['histogram_quantiles([0.5], syscall_latency)', 'time'],
  ['histogram_mean(blockio_size)', 'bytes'],
  ['cpu_cores', 'count'],
])('%s answers in %s', (query, unit) => {
  expect(guessUnit(query)).toBe(unit);
});

test('result rows are the largest series, their labels quoted', () => {
  const series = (name: string, value: number) => ({
    labels: { name },
    times: Float64Array.of(1, 2),
    values: Float64Array.of(value, value + 2),
  });
  const rows = resultRows(
    { kind: 'lines', series: [series('a', 1), series('b"', 5)] },
    { min: 0, max: 9 },
    1,
  );
  expect(rows).toEqual([{ name: 'b"', labels: '{name="b\\""}', last: 7, min: 5, mean: 6, max: 7 }]);
});

test('the sparkline spans the capture from nothing to its peak', () => {
  const line = { labels: {}, times: Float64Array.of(0, 500, 1000), values: Float64Array.of(0, 4, 2) };
  expect(sparkline(line, { min: 0, max: 1000 })).toBe('M0.0 100L0.0 100.0L500.0 0.0L1000.0 50.0L1000.0 100Z');
  expect(sparkline({ ...line, values: new Float64Array(3) }, { min: 0, max: 1000 })).toBe('');
});
