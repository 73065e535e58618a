import { bucketIndex, bucketLower, bucketUpper, defaultHistogram } from '@rezolus/core/histogram';
import { describe, expect, it } from 'vitest';
import { createEngine, type QueryResult } from '../src/index.ts';
import { ArraySource } from './memory-source.ts';

const rows = [[10, 10], [100, 100, 100, 100_000], [], [7], 'reset', [8, 9]] as const;
const source = new ArraySource()
  .observations('lat', { op: 'read' }, rows)
  .observations('lat', { op: 'write' }, [[1], [50], [], [], [], [3000, 3000]]);
const engine = createEngine(source);
const range = async (query: string, stepMs = 1000) =>
  (await engine.queryRange({ query, startMs: 0, endMs: 5000, stepMs })).result;

const upper = (value: number) =>
  Number(bucketUpper(bucketIndex(BigInt(value), defaultHistogram), defaultHistogram));
const lower = (value: number) =>
  Number(bucketLower(bucketIndex(BigInt(value), defaultHistogram), defaultHistogram));
const middle = (value: number) => (lower(value) + upper(value)) / 2;

function series(result: QueryResult, index = 0): [number, number][] {
  if (result.kind !== 'matrix') throw new Error(`got ${result.kind}`);
  const { times, values } = result.series[index]!;
  return [...times].map((time, i) => [time, values[i]!]);
}

describe('per step', () => {
  it('quantiles of all series merged are the upper ends of buckets; empty steps give nothing', async () => {
    const result = await range('histogram_quantiles([0.5, 1], lat)');
    expect(result.kind === 'matrix' && result.series.map(({ labels }) => labels)).toEqual([
      { quantile: '0.5' },
      { quantile: '1' },
    ]);
    // 1 s: 50 100 100 100 100000; 3 s: 7; 5 s: 8 9 3000 3000.
    expect(series(result, 0)).toEqual([
      [1000, upper(100)],
      [3000, upper(7)],
      [5000, upper(9)],
    ]);
    expect(series(result, 1)).toEqual([
      [1000, upper(100_000)],
      [3000, upper(7)],
      [5000, upper(3000)],
    ]);
  });

  it('a longer step or stride covers all of its rows', async () => {
    expect(series(await range('histogram_count(lat)', 5000))).toEqual([[5000, 10]]);
    expect(series(await range('histogram_count(lat, 2)'))).toEqual([
      [1000, 5],
      [2000, 5],
      [3000, 1],
      [4000, 1],
      [5000, 4],
    ]);
  });

  it('mean and sum take the middle of the buckets', async () => {
    const sum = middle(50) + 3 * middle(100) + middle(100_000);
    expect(series(await range('histogram_sum(lat)'))[0]).toEqual([1000, sum]);
    expect(series(await range('histogram_mean(lat)'))[0]).toEqual([1000, sum / 5]);
    expect(series(await range('sum by (op) (histogram_mean(lat))'), 1)[0]).toEqual([1000, middle(50)]);
  });

  it('irate is 0 where nothing was observed', async () => {
    expect(series(await range('sum(histogram_irate(lat))'))).toEqual([
      [1000, 5],
      [2000, 0],
      [3000, 1],
      [4000, 0],
      [5000, 4],
    ]);
  });

  it('can be computed with', async () => {
    expect(series(await range('histogram_quantiles([1], lat{op="read"}) / 2 + 1'))[1]).toEqual([
      3000,
      upper(7) / 2 + 1,
    ]);
    expect(series(await range('max(histogram_quantiles([0.1, 1], lat))'))[0]).toEqual([1000, upper(100_000)]);
  });

  it('the heatmap has the counts of the used buckets', async () => {
    const result = await range('histogram_heatmap(lat{op="read"})');
    if (result.kind !== 'buckets') throw new Error(result.kind);
    const { times, bounds, columns, rows, counts } = result;
    const cells = [...columns].map((column, i) => [times[column], bounds[rows[i]!]! - 1, counts[i]]);
    expect(cells).toEqual([
      [1000, upper(100), 3],
      [1000, upper(100_000), 1],
      [3000, upper(7), 1],
      [5000, upper(8), 1],
      [5000, upper(9), 1],
    ]);
    expect(bounds[0]! - 1).toBe(upper(7));
    expect(bounds.at(-1)! - 1).toBe(upper(100_000));
  });

  it('a selector without histograms gives nothing', async () => {
    expect(await range('histogram_quantiles([0.5], nothing)')).toEqual({ kind: 'matrix', series: [] });
    expect(await range('histogram_heatmap(nothing)')).toMatchObject({
      kind: 'buckets',
      counts: new Float64Array(0),
    });
  });
});

describe('as native histograms', () => {
  const at = async (query: string, timeMs: number) => {
    const { result } = await engine.queryInstant({ query, timeMs });
    return result.kind === 'vector' ? result.samples : [];
  };

  it('a selector is the state', async () => {
    const [read] = await at('lat{op="read"}', 3000);
    expect(read).toMatchObject({
      labels: { __name__: 'lat', op: 'read' },
      value: 7,
      histogram: { count: 7 },
    });
    expect([...read!.histogram!.histogram.buckets]).toEqual(
      [7, 10, 100, 100_000].map((value) => bucketIndex(BigInt(value), defaultHistogram)),
    );
    expect((await at('lat{op="read"}', 4000))[0]!.value).toBe(0);
    expect((await at('lat{op="read"}', 5000))[0]!.value).toBe(2);
  });

  it('rate and increase extrapolate like those of counters', async () => {
    // Rows 1 s..3 s in (0 s, 3 s]: 1 gained after the first; 2 s between samples of 1 s distance, range 3 s:
    // factor (2 + 1 + 0) / 2.
    const [increase] = await at('histogram_count(increase(lat{op="read"}[3s]))', 3000);
    expect(increase!.value).toBeCloseTo(1 * 1.5, 12);
    const [rate] = await at('histogram_count(rate(lat{op="read"}[3s]))', 3000);
    expect(rate!.value).toBeCloseTo((1 * 1.5) / 3, 12);
    const [irate] = await at('histogram_count(irate(lat{op="read"}[3s]))', 1000);
    expect(irate!.value).toBe(4);
  });

  it('a reset adds the whole new state', async () => {
    const [increase] = await at('histogram_count(increase(lat{op="read"}[3s]))', 5000);
    // Rows 3 s, 4 s (reset), 5 s: 2 gained in 2 s of 3 s; back to zero it would take 2 * 7 / 2 s.
    expect(increase!.value).toBeCloseTo(2 * 1.5, 12);
  });

  it('quantiles are linear within a bucket', async () => {
    const [half] = await at('histogram_quantile(0.5, lat{op="write"})', 5000);
    // 1, 50, 3000, 3000: rank 2 is the end of the bucket of 50.
    expect(half!.value).toBe(upper(50) + 1);
    const [merged] = await at('histogram_quantile(0, sum(lat))', 5000);
    expect(merged!.value).toBe(lower(1));
    expect((await at('histogram_quantile(0.5, sum by (op) (rate(lat[5s])))', 5000)).length).toBe(2);
  });

  it('sums, averages, fractions and deviations', async () => {
    const value = async (query: string) => (await at(query, 5000))[0]!.value;
    expect(await value('histogram_sum(sum(lat{op="write"}))')).toBe(
      middle(1) + middle(50) + 2 * middle(3000),
    );
    expect(await value('histogram_avg(lat{op="write"})')).toBe(
      (middle(1) + middle(50) + 2 * middle(3000)) / 4,
    );
    expect(await value('histogram_fraction(0, 64, lat{op="write"})')).toBe(0.5);
    expect(await value('histogram_stddev(lat{op="read"})')).toBe(0.5);
    expect(await value('histogram_count(sum(lat))')).toBe(6);
    expect(await value('histogram_count(lat{op="read"} * 3)')).toBe(6);
    expect(await value('histogram_count(lat{op="write"} - ignoring(op) lat{op="read"})')).toBe(2);
    expect(await value('count_over_time(lat{op="read"}[3s])')).toBe(3);
    expect(await value('histogram_count(last_over_time(lat{op="write"}[3s]))')).toBe(4);
    expect(await value('histogram_count(sum_over_time(lat{op="write"}[2s]))')).toBe(6);
    expect(await value('histogram_count(max_over_time(rate(lat[2s])[3s:1s]) or sum(lat))')).toBe(6);
  });

  it('changes and resets are counted; what only gauges have is refused by name', async () => {
    const value = async (query: string) => (await at(query, 5000))[0]!.value;
    expect(await value('resets(lat{op="read"}[10s])')).toBe(1);
    expect(await value('changes(lat{op="read"}[10s])')).toBeGreaterThan(1);
    await expect(at('delta(lat[5s])', 5000)).rejects.toMatchObject({
      code: 'REZ_ERR_QUERY_UNSUPPORTED',
      message: expect.stringContaining('delta of histograms'),
    });
  });

  it('of two shapes are added in the coarser one', async () => {
    const fine = { groupingPower: 7, maxValuePower: 32 };
    const mixed = new ArraySource()
      .observations('h', { a: '1' }, [[1000, 1001]], { config: fine })
      .observations('h', { a: '2' }, [[1000]]);
    const { result } = await createEngine(mixed).queryInstant({ query: 'sum(h)', timeMs: 0 });
    if (result.kind !== 'vector') throw new Error(result.kind);
    const { histogram } = result.samples[0]!.histogram!;
    expect(histogram.config.groupingPower).toBe(3);
    expect([...histogram.buckets]).toEqual([bucketIndex(1000n, defaultHistogram)]);
    expect([...histogram.counts]).toEqual([3]);
  });
});

describe('classic histograms', () => {
  const classic = new ArraySource();
  for (const [le, count] of Object.entries({ '0.1': 1, '0.5': 3, '1': 3, '+Inf': 4 }))
    classic.floats('counter', 'b', { le, x: 'y' }, [count]);
  const at = async (query: string) => (await createEngine(classic).queryInstant({ query, timeMs: 0 })).result;

  it('quantile by hand', async () => {
    // Rank 2 of 4: one in [0, 0.1], two in (0.1, 0.5]: half of the way.
    expect(await at('histogram_quantile(0.5, b)')).toMatchObject({
      samples: [{ labels: { x: 'y' }, value: 0.1 + 0.4 / 2 }],
    });
    expect(await at('histogram_quantile(0.9, b)')).toMatchObject({ samples: [{ value: 1 }] });
    expect(await at('histogram_fraction(0, 0.3, b)')).toMatchObject({ samples: [{ value: 0.5 }] });
    expect(await at('histogram_quantiles(b, "q", 0.5, 1)')).toMatchObject({
      samples: [{ labels: { q: '0.5', x: 'y' } }, { labels: { q: '1.0', x: 'y' } }],
    });
  });
});
