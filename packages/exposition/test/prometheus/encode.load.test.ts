import { expect, it } from 'vitest';
import { createEncoder, defaultOptions, type Exposition } from '../../src/index.ts';
import { histogramOf, snapshotOf } from './snapshots.ts';

it('encodes 20,000 series in well under 50 ms', () => {
  const snapshot = snapshotOf({
    counters: Array.from({ length: 19_800 }, (_, i) => ({
      labels: { metric: `m${i % 50}`, id: String(i), name: `/system.slice/unit-${i}.service`, sampler: 's' },
      value: BigInt(i) ** 3n,
    })),
    histograms: Array.from({ length: 200 }, (_, i) => ({
      labels: { metric: 'h', id: String(i) },
      value: histogramOf([i, 10 * i, 1000 * i]),
    })),
  });
  for (const format of ['text', 'openmetrics', 'protobuf'] as const) {
    const exposition: Exposition = { format, escaping: 'underscores' };
    const encoder = createEncoder(exposition, defaultOptions);
    const times = Array.from({ length: 25 }, () => {
      const startMs = performance.now();
      encoder.encode(snapshot, snapshot, []);
      return performance.now() - startMs;
    });
    // The best, because others may use the machine.
    console.info(`20,000 series as ${exposition.format}: ${Math.min(...times).toFixed(1)} ms`);
    expect(Math.min(...times)).toBeLessThan(25);
  }
});
