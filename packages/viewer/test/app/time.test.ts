import { beforeAll, expect, test } from 'vitest';
import { formatSpan, formatStep, formatTime, formatTimeTicks, timeTicks } from '../../src/app/lib/time.ts';

beforeAll(() => {
  process.env.TZ = 'America/New_York';
});

const at = (text: string) => new Date(text).getTime();

test('ticks are round in local time', () => {
  const { ticks, step } = timeTicks(at('2025-11-23T10:00:10-05:00'), at('2025-11-23T16:00:00-05:00'), 8);
  expect(step).toBe(3_600_000);
  expect(ticks.map((tick) => formatTime(tick, step))).toEqual([
    '11:00',
    '12:00',
    '13:00',
    '14:00',
    '15:00',
    '16:00',
  ]);
});

test('days start at local midnight and are named', () => {
  const { ticks, step } = timeTicks(at('2025-11-22T20:00:00-05:00'), at('2025-11-23T04:00:00-05:00'), 8);
  expect(formatTimeTicks(ticks, step)).toEqual([
    '20:00',
    '21:00',
    '22:00',
    '23:00',
    'Nov 23',
    '01:00',
    '02:00',
    '03:00',
    '04:00',
  ]);
  expect(formatTimeTicks([at('2025-11-01T00:00:00-04:00')], 86_400_000)).toEqual(['Nov 1']);
});

test('seconds and thousandths appear where the step needs them', () => {
  const time = at('2025-11-23T10:00:10.250-05:00');
  expect(formatTime(time, 60_000)).toBe('10:00');
  expect(formatTime(time, 5000)).toBe('10:00:10');
  expect(formatTime(time, 50)).toBe('10:00:10.250');
});

test.each([
  [250, '250 ms'],
  [4000, '4 s'],
  [240_000, '4 m'],
  [208_000, '3 m 28 s'],
  [5_400_000, '1 h 30 m'],
  [86_400_000, '1 d'],
  [90_061_000, '1 d 1 h'],
])('%d ms last %s', (ms, text) => {
  expect(formatSpan(ms)).toBe(text);
});

test.each([
  [100, '100ms'],
  [1500, '1500ms'],
  [15_000, '15s'],
  [60_000, '1m'],
  [3_600_000, '1h'],
])('a step of %d ms is %s', (ms, text) => {
  expect(formatStep(ms)).toBe(text);
});
