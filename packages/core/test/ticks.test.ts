import { expect, it } from 'vitest';
import { alignedTicks } from '../src/ticks.ts';

const never = new AbortController().signal;

it('alignedTicks begins at once below a second, keeps to the grid and counts what it skipped', async () => {
  let now = 10_700;
  const ticks = alignedTicks(500, never, () => now);
  const next = async (at: number) => {
    now = at;
    return (await ticks.next()).value;
  };
  expect(await next(10_700)).toEqual({ atMs: 10_500, missed: 0 });
  expect(await next(11_003)).toEqual({ atMs: 11_000, missed: 0 });
  expect(await next(12_700)).toEqual({ atMs: 12_500, missed: 2 });
  expect(await next(13_000)).toEqual({ atMs: 13_000, missed: 0 });
});

it('alignedTicks ends at the signal without waiting', async () => {
  const stop = new AbortController();
  const ticks = alignedTicks(1e9, stop.signal);
  const waiting = ticks.next();
  stop.abort();
  expect(await waiting).toEqual({ value: undefined, done: true });
});
