import type { HistogramValue, SeriesSchema, Snapshot } from '@rezolus/core';
import { bucketCount, bucketIndex, defaultHistogram } from '@rezolus/core/histogram';
import { describe, expect, it } from 'vitest';
import { createEngine, type FloatColumn, type HistogramColumn, MemoryStore } from '../src/index.ts';

interface Values {
  readonly counters?: Record<string, bigint | null>;
  readonly gauges?: Record<string, bigint>;
  readonly histograms?: Record<string, readonly number[] | null>;
}

const schemas = new Map<string, SeriesSchema[]>();

function series(names: readonly string[], extra: Record<string, string> = {}): SeriesSchema[] {
  const key = names.join() + JSON.stringify(extra);
  const known =
    schemas.get(key) ??
    names.map((name) => ({ name, labels: { metric: name, sampler: 's', unit: 'u', ...extra } }));
  schemas.set(key, known);
  return known;
}

function histogram(values: readonly number[]): HistogramValue {
  const buckets = new BigUint64Array(bucketCount(defaultHistogram));
  for (const value of values) buckets[bucketIndex(BigInt(value), defaultHistogram)]! += 1n;
  return { config: defaultHistogram, buckets };
}

function snapshot(timeMs: number, { counters = {}, gauges = {}, histograms = {} }: Values): Snapshot {
  const absent = Object.values(counters).some((value) => value === null);
  return {
    systemTimeNs: BigInt(Math.round(timeMs * 1e6)),
    durationNs: 0n,
    metadata: {},
    groups: [
      {
        name: 's/g',
        schema: {
          counters: series(Object.keys(counters)),
          gauges: series(Object.keys(gauges)),
          histograms: series(Object.keys(histograms)),
        },
        schemaHash: null,
        window: null,
        counters: BigUint64Array.from(Object.values(counters), (value) => value ?? 0n),
        countersPresent: absent
          ? Uint8Array.from(Object.values(counters), (value) => Number(value !== null))
          : null,
        gauges: BigInt64Array.from(Object.values(gauges)),
        gaugesPresent: null,
        histograms: Object.values(histograms).map((values) => (values === null ? null : histogram(values))),
      },
    ],
  };
}

async function column<T>(store: MemoryStore, metric: string): Promise<T> {
  const id = store.series().findIndex((each) => each.metric === metric);
  const [loaded] = await store.load([id]);
  return loaded as T;
}

describe('MemoryStore', () => {
  it('keeps counters exact, gauges signed and absent values absent', async () => {
    const store = new MemoryStore({ intervalMs: 1000 });
    const big = 2n ** 63n;
    store.append(snapshot(1000.4, { counters: { c: big, d: 1n }, gauges: { g: -5n } }));
    store.append(snapshot(2000.7, { counters: { c: big + 3n, d: null }, gauges: { g: 7n } }));
    store.append(snapshot(2999.9, { counters: { c: big + 9n, d: 4n }, gauges: { g: 7n } }));
    const c = await column<FloatColumn>(store, 'c');
    expect([...c.times]).toEqual([1000, 2000, 3000]);
    expect([...c.values].map((value) => BigInt(value) + c.base)).toEqual([big, big + 3n, big + 9n]);
    expect([...(await column<FloatColumn>(store, 'd')).times]).toEqual([1000, 3000]);
    expect([...(await column<FloatColumn>(store, 'g')).values]).toEqual([-5, 7, 7]);
    expect(store.series()[0]).toEqual({
      id: 0,
      metric: 'c',
      kind: 'counter',
      labels: { sampler: 's' },
      unit: 'u',
    });
    expect([store.startMs, store.endMs]).toEqual([1000, 3000]);
    const { result } = await createEngine(store).queryInstant({ query: 'irate(c[5m])', timeMs: 3000 });
    expect(result).toMatchObject({ samples: [{ value: expect.closeTo(6 / 0.9992, 9) }] });
  });

  it('keeps histograms as what was added, over many chunks, resets included', async () => {
    const store = new MemoryStore({ intervalMs: 1000 });
    const all: number[] = [];
    for (let i = 0; i < 300; i++) {
      if (i === 200) all.length = 0;
      all.push(i, 5000);
      store.append(snapshot(1000 * (i + 1), { histograms: { h: all } }));
    }
    const h = await column<HistogramColumn>(store, 'h');
    expect(h.times.length).toBe(300);
    expect([...h.resets].indexOf(1)).toBe(200);
    const engine = createEngine(store);
    for (const [timeMs, count] of [
      [1000, 2],
      [200_000, 400],
      [201_000, 2],
      [300_000, 200],
    ] as const) {
      const { result } = await engine.queryInstant({ query: 'h', timeMs });
      expect(result).toMatchObject({ samples: [{ value: count }] });
    }
    const { result } = await engine.queryRange({
      query: 'histogram_count(h)',
      startMs: 2000,
      endMs: 300_000,
      stepMs: 1000,
    });
    expect(result.kind === 'matrix' && [...result.series[0]!.values]).toEqual(Array(299).fill(2));
  });

  it('forgets by age; a histogram goes on with its whole state', async () => {
    const store = new MemoryStore({ intervalMs: 1000, retentionMs: 100_000 });
    for (let i = 1; i <= 500; i++) {
      const old: Values['gauges'] = i < 50 ? { old: 1n } : {};
      store.append(
        snapshot(1000 * i, { gauges: { g: BigInt(i), ...old }, histograms: { h: Array(i).fill(3) } }),
      );
    }
    expect(store.endMs - store.startMs).toBeGreaterThanOrEqual(100_000);
    expect(store.endMs - store.startMs).toBeLessThan(165_000);
    expect(store.series().map(({ metric }) => metric)).toEqual(['g', 'h']);
    const { result } = await createEngine(store).queryInstant({ query: 'h', timeMs: store.startMs });
    expect(result).toMatchObject({ samples: [{ value: store.startMs / 1000 }] });
  });

  it('is bounded in bytes whatever it is fed', () => {
    const store = new MemoryStore({ intervalMs: 1, maxBytes: 4_000_000 });
    for (let i = 1; i <= 400; i++) {
      const gauges = Object.fromEntries(Array.from({ length: 30 }, (_, j) => [`g${i}_${j}`, BigInt(j)]));
      store.append(snapshot(i, { gauges, histograms: { h: [i, 2 * i] } }));
      expect(store.bytes).toBeLessThan(6_000_000);
    }
    expect(store.dropped).toBe(0);
    const crowd = Object.fromEntries(Array.from({ length: 5000 }, (_, j) => [`crowd${j}`, 1n]));
    store.append(snapshot(1000, { gauges: crowd }));
    expect(store.dropped).toBeGreaterThan(0);
    expect(store.bytes).toBeLessThan(8_000_000);
  });

  it('ignores snapshots that are not newer and histograms of the wrong length', async () => {
    const store = new MemoryStore({ intervalMs: 1000 });
    store.append(snapshot(5000, { gauges: { g: 1n } }));
    store.append(snapshot(5000, { gauges: { g: 2n } }));
    store.append(snapshot(4000, { gauges: { g: 3n } }));
    expect([...(await column<FloatColumn>(store, 'g')).values]).toEqual([1]);
    const bad = snapshot(6000, { histograms: { h: [1] } });
    const [group] = bad.groups;
    const short = { config: defaultHistogram, buckets: new BigUint64Array(3) };
    const wide = { config: { groupingPower: 16, maxValuePower: 64 }, buckets: new BigUint64Array(3) };
    for (const value of [short, wide])
      store.append({
        ...bad,
        systemTimeNs: bad.systemTimeNs + BigInt(store.endMs) * 1_000_000n,
        groups: [{ ...group!, histograms: [value] }],
      });
    expect(store.series().map(({ metric }) => metric)).toEqual(['g']);
  });

  it('counts generations when series come and go, and can be cleared', () => {
    const store = new MemoryStore({ intervalMs: 1000 });
    store.append(snapshot(1000, { gauges: { g: 1n } }));
    const before = store.generation;
    store.append(snapshot(2000, { gauges: { g: 1n } }));
    expect(store.generation).toBe(before);
    store.append(snapshot(3000, { gauges: { other: 1n } }));
    expect(store.generation).toBeGreaterThan(before);
    store.clear();
    expect([store.series().length, store.startMs, store.endMs]).toEqual([0, 0, 0]);
    store.append(snapshot(1000, { gauges: { g: 1n } }));
    expect(store.endMs).toBe(1000);
  });
});
