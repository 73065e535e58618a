import { expect, test } from 'vitest';
import { formatTicks, formatValue, linearTicks, logTicks, unitScale } from '../../src/app/lib/units.ts';

test.each([
  [0.0231, 'percentage', '2.31 %'],
  [1, 'percentage', '100 %'],
  [0, 'percentage', '0 %'],
  [999, 'time', '999 ns'],
  [412_345, 'time', '412 µs'],
  [1_000_000, 'time', '1 ms'],
  [1.5e9, 'time', '1.50 s'],
  [1.234e12, 'time', '1,234 s'],
  [1536, 'bytes', '1.50 KiB'],
  [1024 ** 3, 'bytes', '1 GiB'],
  [1536, 'datarate', '1.54 kB/s'],
  [2.5e9, 'bitrate', '2.50 Gbps'],
  [12_345, 'rate', '12.3 K/s'],
  [3e9, 'count', '3 B'],
  [7, 'count', '7'],
  [0.25, 'count', '0.250'],
  [2.4e9, 'frequency', '2.40 GHz'],
  [-2048, 'bytes', '-2 KiB'],
] as const)('formats %d as %s: %s', (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text);
});

test('a value that rounds up to the next unit is shown in it', () => {
  expect(formatValue(999_600, 'time')).toBe('1.00 ms');
  expect(formatValue(999_400, 'time')).toBe('999 µs');
  expect(formatValue(1023.9, 'bytes')).toBe('1,024 B');
});

test('what is no finite number is a dash', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, null, undefined]) {
    expect(formatValue(value, 'rate')).toBe('–');
  }
});

test('the scale is the largest that keeps the value at 1 or more', () => {
  expect(unitScale('time', 1e6).suffix).toBe('ms');
  expect(unitScale('time', 999_999).suffix).toBe('µs');
  expect(unitScale('time', 0).suffix).toBe('ns');
});

test('ticks of one axis share scale and decimals', () => {
  expect(formatTicks([0, 500_000, 1_000_000], 'bitrate')).toEqual(['0', '0.5 Mbps', '1.0 Mbps']);
  expect(formatTicks([0, 0.25, 0.5], 'percentage')).toEqual(['0', '25 %', '50 %']);
  expect(formatTicks([0.001, 0.0015], 'percentage')).toEqual(['0.10 %', '0.15 %']);
  expect(formatTicks([1000, 10_000, 1e6], 'time', true)).toEqual(['1 µs', '10 µs', '1 ms']);
});

test('linear ticks are round, inside the range and about as many as asked for', () => {
  expect(linearTicks(0, 1, 5, 'percentage')).toEqual([0, 0.2, 0.4, 0.6000000000000001, 0.8, 1]);
  expect(linearTicks(3, 97, 4, 'rate')).toEqual([50]);
  expect(linearTicks(0, 3 * 1024 ** 3, 4, 'bytes')).toEqual([0, 1, 2, 3].map((n) => n * 1024 ** 3));
  for (const [min, max] of [
    [0, 1e-7],
    [-5, 5],
    [1e12, 1e12 + 7],
  ] as const) {
    const ticks = linearTicks(min, max, 5, 'count');
    expect(ticks.length).toBeGreaterThan(1);
    expect(ticks.length).toBeLessThan(12);
    expect(ticks.every((tick) => tick >= min - 1e-9 && tick <= max + 1e-9)).toBe(true);
  }
});

test('an empty or endless range has no more than one tick', () => {
  expect(linearTicks(2, 2, 5, 'count')).toEqual([2]);
  expect(linearTicks(0, Number.POSITIVE_INFINITY, 5, 'count')).toEqual([0]);
});

test('log ticks are decades, with 2 and 5 where there is room', () => {
  expect(logTicks(1000, 1e9, 8)).toEqual([1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]);
  expect(logTicks(900, 12_000, 8)).toEqual([1000, 2000, 5000, 10_000]);
  expect(logTicks(1, 1e12, 4)).toEqual([1, 1e3, 1e6, 1e9, 1e12]);
});
