import { createEngine, type FloatColumn, type Source } from '@rezolus/query';
import { expect, test } from 'vitest';
import { answerRange } from '../src/server/range.ts';

const startMs = 1_700_000_000_000;

/** gaugeSource: one gauge `g` with a value every second. */
function gaugeSource(values: Float64Array): Source {
  const times = values.map((_, i) => startMs + i * 1000);
  const column: FloatColumn = { kind: 'gauge', times, values, base: 0n };
  return {
    generation: 0,
    intervalMs: 1000,
    startMs,
    endMs: times.at(-1)!,
    series: () => [{ id: 0, metric: 'g', kind: 'gauge', labels: {} }],
    load: async () => [column],
  };
}

const request = (seconds: number, points: number) => ({
  query: 'g',
  startMs,
  endMs: startMs + (seconds - 1) * 1000,
  stepMs: 1000,
  points,
});

test('a day of seconds is answered in few points without losing a spike', async () => {
  const values = Float64Array.from({ length: 86_400 }, (_, i) => (i * 7919) % 100);
  const spikes = [0, 12_345, 43_210, 86_399];
  for (const [i, at] of spikes.entries()) values[at] = 1000 + i;
  const engine = createEngine(gaugeSource(values));
  const reply = await answerRange(engine, request(86_400, 300));
  if (reply.kind !== 'lines') throw new Error('lines expected');
  const { times, values: means, max } = reply.series[0]!;
  expect(times.length).toBeLessThanOrEqual(300);
  expect(times.length).toBeGreaterThan(280);
  expect([...max!].filter((value) => value >= 1000)).toEqual([1000, 1001, 1002, 1003]);
  expect([...times].every((time, i) => i === 0 || time > times[i - 1]!)).toBe(true);
  // All cells but the first and the last are equally full, so the mean of means is the mean.
  const mean = (list: Float64Array) => list.reduce((a, b) => a + b, 0) / list.length;
  expect(mean(means)).toBeCloseTo(mean(values), 0);
});

test('chunks do not change the answer', async () => {
  const values = Float64Array.from({ length: 25_000 }, (_, i) => Math.sin(i / 500));
  const engine = createEngine(gaugeSource(values));
  const reply = await answerRange(engine, request(25_000, 10_000));
  if (reply.kind !== 'lines') throw new Error('lines expected');
  const { times, min, max } = reply.series[0]!;
  times.forEach((time, cell) => {
    // Cells are 3 s wide and aligned to the epoch; the time is that of their middle tick.
    const middle = (time - startMs) / 1000;
    const inside = [...values.slice(Math.max(0, middle - 1), middle + 2)];
    expect(min![cell]).toBe(Math.min(...inside));
    expect(max![cell]).toBe(Math.max(...inside));
  });
  const cellOf = (timeMs: number) => Math.floor(timeMs / 3000);
  expect(times.length).toBe(cellOf(startMs + 24_999_000) - cellOf(startMs) + 1);
});

test('beyond 990,000 steps the step grows', async () => {
  const steps: number[] = [];
  const engine = {
    queryRange: async ({ startMs, endMs, stepMs }: { startMs: number; endMs: number; stepMs: number }) => {
      steps.push(stepMs);
      expect((endMs - startMs) / stepMs).toBeLessThan(11_000);
      return { result: { kind: 'matrix', series: [] }, warnings: [], infos: [] } as const;
    },
  };
  for (const points of [100, 10_000]) {
    steps.length = 0;
    await answerRange(engine, request(30 * 86_400, points));
    expect(new Set(steps)).toEqual(new Set([3000]));
    expect(steps.length).toBeLessThan(500);
  }
});

test('an aborted request ends between two chunks', async () => {
  const abort = new AbortController();
  const engine = createEngine(gaugeSource(new Float64Array(50_000)));
  const answer = answerRange(engine, request(50_000, 100), { signal: abort.signal });
  abort.abort();
  await expect(answer).rejects.toThrow('abort');
});

test('parts of a window know the whole of it', async () => {
  const values = Float64Array.from({ length: 10_000 }, (_, i) => i);
  const engine = createEngine(gaugeSource(values), { cacheBytes: 2 ** 20 });
  const first = async (query: string) => {
    const reply = await answerRange(engine, { ...request(10_000, 100), query });
    if (reply.kind !== 'lines') throw new Error('lines expected');
    const { min, max } = reply.series[0]!;
    return [Math.min(...min!), Math.max(...max!)];
  };
  for (const _ of ['computed', 'kept']) {
    expect(await first('sum(g @ end())')).toEqual([9999, 9999]);
    expect(await first('sum(g @ start())')).toEqual([0, 0]);
    expect(await first('max(vector(range()))')).toEqual([9999, 9999]);
    expect(await first('sum(g)')).toEqual([0, 9999]);
  }
});
