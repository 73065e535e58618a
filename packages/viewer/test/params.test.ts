import { expect, test } from 'vitest';
import { durationParam, limitParam, rangeParams, timeParam } from '../src/server/prometheus/params.ts';

const params = (values: Record<string, string>) => new URLSearchParams(values);

test.each([
  ['1435781451.781', 1435781451781],
  ['1435781451', 1435781451000],
  ['-1', -1000],
  ['1e3', 1000000],
  ['2015-07-01T20:10:51.781Z', 1435781451781],
  ['2015-07-01T22:10:51+02:00', 1435781451000],
])('time %s', (text, ms) => {
  expect(timeParam(params({ time: text }), 'time')).toBe(ms);
});

test.each(['x', '2015-07-01', 'NaN', 'Infinity', '0x10', '1e300', '2015-13-01T00:00:00Z', ' 1'])(
  'time %j is refused',
  (text) => {
    expect(() => timeParam(params({ time: text }), 'time')).toThrow(
      `invalid parameter "time": cannot parse "${text}" to a valid timestamp`,
    );
  },
);

test('an absent time is the fallback, or an error', () => {
  expect(timeParam(params({}), 'time', 5)).toBe(5);
  expect(() => timeParam(params({}), 'start')).toThrow('invalid parameter "start"');
});

test.each([
  ['15', 15_000],
  ['0.5', 500],
  ['1m30s', 90_000],
  ['100ms', 100],
  ['1d2h', 93_600_000],
  ['1w', 604_800_000],
  ['1y', 31_536_000_000],
])('duration %s', (text, ms) => {
  expect(durationParam(params({ step: text }), 'step')).toBe(ms);
});

test.each(['x', '5m1h', '1.5h', '1e999', '1mm'])('duration %j is refused', (text) => {
  expect(() => durationParam(params({ step: text }), 'step')).toThrow('to a valid duration');
});

test('limits of a range', () => {
  const range = (start: string, end: string, step: string) => rangeParams(params({ start, end, step }));
  expect(range('0', '10', '1s')).toEqual({ startMs: 0, endMs: 10_000, stepMs: 1000 });
  expect(range('0', '11000', '1')).toEqual({ startMs: 0, endMs: 11_000_000, stepMs: 1000 });
  expect(() => range('0', '11001', '1')).toThrow('exceeded maximum resolution of 11,000 points');
  expect(() => range('10', '0', '1')).toThrow('end timestamp must not be before start time');
  expect(() => range('0', '10', '0')).toThrow('zero or negative query resolution step widths');
  expect(() => range('0', '10', '-1')).toThrow('zero or negative query resolution step widths');
  expect(() => range('0', '10', '')).toThrow('invalid parameter "step"');
});

test('limit', () => {
  expect(limitParam(params({ limit: '5' }))).toBe(5);
  expect(limitParam(params({ limit: '0' }))).toBe(Number.POSITIVE_INFINITY);
  expect(limitParam(params({}))).toBe(Number.POSITIVE_INFINITY);
  expect(() => limitParam(params({ limit: '-1' }))).toThrow('invalid parameter "limit"');
});
