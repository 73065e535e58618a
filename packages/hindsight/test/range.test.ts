import { expect, it } from 'vitest';
import { parseRange } from '../src/range.ts';

const newest = 1_700_000_000_500_000_000n;

it.each([
  [{}, {}],
  [{ last: '5m' }, { startNs: newest - 300_000_000_000n }],
  [{ last: '1h 30m', start: 'x' }, { startNs: newest - 5_400_000_000_000n }],
  [{ last: '100w' }, { startNs: newest - 60_480_000_000_000_000n }],
  [{ start: '1700000000' }, { startNs: 1_700_000_000_000_000_000n }],
  [{ end: '1700000000.25' }, { endNs: 1_700_000_000_250_000_000n }],
  [
    { start: '2023-11-14T22:13:20Z', end: '2023-11-15T00:13:20.500+02:00' },
    { startNs: 1_700_000_000_000_000_000n, endNs: 1_700_000_000_500_000_000n },
  ],
  [{ start: '2023-11-15T00:13:20 02:00' }, { startNs: 1_700_000_000_000_000_000n }],
])('reads %j', (query, range) => {
  expect(parseRange(query, newest)).toEqual(range);
});

it.each([
  [{ last: '5' }, 'last="5" is not a duration'],
  [{ last: '0s' }, 'last="0s"'],
  [{ last: '99999999999999w' }, 'is not a duration'],
  [{ start: 'yesterday' }, 'start="yesterday" is not a time'],
  [{ end: '2023-13-45T99:99:99Z' }, 'is not a time'],
  [{ end: '99999999999' }, 'is not a time'],
  [{ start: '20', end: '10' }, 'start is after end'],
  [{ first: '5m' }, '"first" is not last, start or end'],
  [{ last: ['1m', '2m'] }, '"last" is given more than once'],
])('refuses %j', (query, wrong) => {
  expect(parseRange(query, newest)).toEqual({ wrong: expect.stringContaining(wrong) });
});
