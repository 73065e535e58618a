import { describe, expect, it } from 'vitest';
import { createEngine, matchersOf, type QueryResult } from '../src/index.ts';
import { ArraySource } from './memory-source.ts';

const range = (query: string, source: ArraySource, endMs: number, stepMs = 1000) =>
  createEngine(source).queryRange({ query, startMs: 0, endMs, stepMs });

/** `labels => [[time, value], …]` of a matrix. */
function points(result: QueryResult): Record<string, [number, number][]> {
  if (result.kind !== 'matrix') throw new Error(`got ${result.kind}`);
  return Object.fromEntries(
    result.series.map(({ labels, times, values }) => [
      JSON.stringify(labels),
      [...times].map((time, i): [number, number] => [time, values[i]!]),
    ]),
  );
}

describe('counters', () => {
  it('irate is the change between the last two samples', async () => {
    const source = new ArraySource().floats('counter', 'c', {}, [100, 130, 130, 230]);
    const { result } = await range('irate(c[5m])', source, 3000);
    expect(points(result)).toEqual({
      '{}': [
        [1000, 30],
        [2000, 0],
        [3000, 100],
      ],
    });
  });

  it('irate takes the new value where a counter started again', async () => {
    const source = new ArraySource().floats('counter', 'c', {}, [100, 7], { base: 0n });
    expect(points((await range('irate(c[5m])', source, 1000)).result)).toEqual({ '{}': [[1000, 7]] });
  });

  it('irate ends with the series, not five minutes later', async () => {
    const source = new ArraySource()
      .floats('counter', 'c', {}, [0, 10])
      .floats('counter', 'd', {}, Array(60).fill(1));
    const { result } = await range('irate(c[5m])', source, 59_000);
    expect(points(result)['{}']!.at(-1)).toEqual([6000, 10]);
  });

  it('stays exact above 2^53', async () => {
    const base = 2n ** 63n;
    const source = new ArraySource().floats('counter', 'c', {}, [0, 1, 3], { base });
    expect(points((await range('irate(c[5m])', source, 2000)).result)).toEqual({
      '{}': [
        [1000, 1],
        [2000, 2],
      ],
    });
  });

  it('rate extrapolates and sees resets as Prometheus does', async () => {
    // Samples 1..4 s: 10, 20, 5, 15; window (0 s, 5 s]. Change 15-10+20 = 25 over 3 s; both ends are nearer than 1.1
    // distances, so the window is covered whole, but the start only back to where the counter was 0: 3*10/25 = 1.2 s
    // is beyond 1 s. Factor (3 + 1 + 1) / 3; per second / 5.
    const source = new ArraySource().floats('counter', 'c', {}, [10, 20, 5, 15], { startMs: 1000 });
    const answer = await createEngine(source).queryInstant({ query: 'rate(c[5s])', timeMs: 5000 });
    expect(answer.result).toMatchObject({ kind: 'vector', samples: [{ value: (25 * (5 / 3)) / 5 }] });
  });

  it('a sliding rate equals the rate of each window by itself', async () => {
    let value = 0;
    let seed = 7;
    const values = Array.from({ length: 200 }, () => {
      seed = (seed * 48_271) % 2_147_483_647;
      value = seed % 9 === 0 ? seed % 5 : value + (seed % 100);
      return seed % 11 === 0 ? undefined : value;
    });
    const source = new ArraySource().floats('counter', 'c', {}, values);
    const engine = createEngine(source);
    for (const query of ['rate(c[10s])', 'increase(c[7s])', 'delta(c[5s])']) {
      const { result } = await engine.queryRange({ query, startMs: 0, endMs: 199_000, stepMs: 3000 });
      for (const [timeMs, expected] of points(result)['{}']!) {
        const instant = await engine.queryInstant({ query, timeMs });
        const [sample] = instant.result.kind === 'vector' ? instant.result.samples : [];
        expect(sample!.value).toBeCloseTo(expected, 9);
      }
    }
  });
});

describe('vectors', () => {
  const source = new ArraySource()
    .floats('gauge', 'memory', { node: 'a' }, [
      1,
      2,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      9,
    ])
    .floats('gauge', 'cpu_cores', { sampler: 'cores' }, [4, 4, 4]);

  it('a gauge holds for the lookback of five intervals', async () => {
    const { result } = await range('memory', source, 8000);
    const times = Object.values(points(result))[0]!.map(([time]) => time);
    expect(times).toEqual([0, 1000, 2000, 3000, 4000, 5000, 8000]);
  });

  it('a single series on the right pairs with all on the left', async () => {
    const { result } = await range('sum(memory) / cpu_cores', source, 0);
    expect(points(result)).toEqual({ '{}': [[0, 0.25]] });
    const strict = createEngine(source, { broadcast: false });
    const answer = await strict.queryInstant({ query: 'sum(memory) / cpu_cores', timeMs: 0 });
    expect(answer.result).toMatchObject({ samples: [] });
  });

  it('evaluates all steps at once but subqueries by their own', async () => {
    const ramp = new ArraySource().floats('gauge', 'g', {}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(points((await range('max_over_time(g[3s:2s])', ramp, 9000, 3000)).result)).toEqual({
      '{}': [
        [0, 0],
        [3000, 2],
        [6000, 6],
        [9000, 8],
      ],
    });
    expect(points((await range('g @ 5 + g offset 2s', ramp, 9000, 3000)).result)).toEqual({
      '{}': [
        [3000, 6],
        [6000, 9],
        [9000, 12],
      ],
    });
  });

  it('gives matrices, vectors, scalars and strings', async () => {
    const engine = createEngine(source);
    const at = async (query: string) => (await engine.queryInstant({ query, timeMs: 1000 })).result;
    expect(await at('memory')).toMatchObject({
      kind: 'vector',
      samples: [{ labels: { __name__: 'memory', node: 'a' }, value: 2 }],
    });
    expect(await at('memory[5s]')).toMatchObject({
      kind: 'matrix',
      series: [{ values: Float64Array.of(1, 2) }],
    });
    expect(await at('1 + 1')).toEqual({ kind: 'scalar', timeMs: 1000, value: 2 });
    expect(await at('"x"')).toEqual({ kind: 'string', timeMs: 1000, value: 'x' });
    await expect(range('memory[5s]', source, 1000)).rejects.toMatchObject({
      code: 'REZ_ERR_QUERY_EXECUTION',
    });
  });

  it('sorts series by labels', async () => {
    const many = new ArraySource();
    for (const id of ['b', 'c', 'a']) many.floats('gauge', 'm', { id }, [1]);
    const { result } = await range('m', many, 0);
    expect(result.kind === 'matrix' && result.series.map(({ labels }) => labels.id)).toEqual(['a', 'b', 'c']);
  });

  it('knows its series, labels and metrics', () => {
    const engine = createEngine(source);
    expect(engine.labelNames()).toEqual(['__name__', 'node', 'sampler']);
    expect(engine.labelValues('__name__')).toEqual(['cpu_cores', 'memory']);
    expect(engine.labelValues('node', [matchersOf('memory{node=~"a|b"}')])).toEqual(['a']);
    expect(engine.seriesMatching([matchersOf('{node!=""}'), matchersOf('memory')])).toHaveLength(1);
    expect(engine.metadata()).toEqual([
      { metric: 'cpu_cores', kind: 'gauge' },
      { metric: 'memory', kind: 'gauge' },
    ]);
  });

  it('takes labels with any name', async () => {
    const hostile = new ArraySource().floats(
      'gauge',
      'm',
      JSON.parse('{"__proto__": "p", "constructor": "c"}'),
      [1],
    );
    const { result } = await range('sum by (__proto__, toString) (m)', hostile, 0);
    expect(Object.keys(points(result))).toEqual(['{"__proto__":"p"}']);
  });
});

describe('limits', () => {
  const source = new ArraySource();
  for (let i = 0; i < 50; i++) source.floats('gauge', 'm', { i: String(i) }, Array(100).fill(i));
  const limited = { code: 'REZ_ERR_QUERY_LIMIT' };

  it('of steps, series, values and time', async () => {
    const query = { query: 'm', startMs: 0, endMs: 99_000, stepMs: 1000 };
    await expect(range('m', source, 99_000, 1)).rejects.toMatchObject(limited);
    const ask = (limits: object, text = 'm') =>
      createEngine(source, { limits }).queryRange({ ...query, query: text });
    await expect(ask({ maxSeries: 49 })).rejects.toMatchObject(limited);
    await expect(ask({ maxPoints: 1000 })).rejects.toMatchObject(limited);
    await expect(ask({ maxPoints: 100_000 }, 'sum(max_over_time(m[1m:1ms]))')).rejects.toMatchObject(limited);
    await expect(ask({ timeoutMs: 0 }, 'quantile_over_time(0.5, m[1h:10ms])')).rejects.toMatchObject(limited);
    await expect(ask({}, 'm[Inf:1ms] + 1')).rejects.toMatchObject({
      code: expect.stringMatching(/^REZ_ERR_QUERY/),
    });
    await expect(ask({}, 'max_over_time(m[9999999y:1ms])')).rejects.toMatchObject({
      code: expect.stringMatching(/^REZ_ERR_QUERY/),
    });
  });

  it('an aborted query gives the reason of the abort', async () => {
    const signal = AbortSignal.abort(new Error('gone'));
    const asked = createEngine(source).queryInstant({ query: 'm', timeMs: 0 }, { signal });
    await expect(asked).rejects.toThrow('gone');
  });

  it('refuses ranges that are none', async () => {
    for (const bad of [
      { stepMs: 0 },
      { endMs: -1 },
      { endMs: Number.NaN },
      { endMs: Number.POSITIVE_INFINITY },
    ])
      await expect(
        createEngine(source).queryRange({ query: 'm', startMs: 0, endMs: 0, stepMs: 1, ...bad }),
      ).rejects.toMatchObject({ code: 'REZ_ERR_QUERY_EXECUTION' });
  });
});
