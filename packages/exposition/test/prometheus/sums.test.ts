import { describe, expect, it } from 'vitest';
import {
  createEncoder,
  defaultOptions,
  type Format,
  OtlpEncoder,
  type PrometheusOptions,
  parseExposition,
  parseSelector,
  RemoteWriteEncoder,
} from '../../src/index.ts';
import { histogramOf, snapshotOf } from './snapshots.ts';

const values = [1000, 1001, 1002];
const exact = 3003n;
/** All three are in the bucket from 960 to 1023. */
const estimated = 3 * 991.5;
const labels = { sampler: 's', op: 'read', unit: 'nanoseconds' };
const histogram = {
  labels: { ...labels, metric: 'latency', grouping_power: '3' },
  value: histogramOf(values),
};
const sum = (value: bigint | null, more = {}) => ({
  labels: { ...labels, metric: 'latency_sum', ...more },
  value,
});

const counted = snapshotOf({
  counters: [sum(9n, { op: 'write' }), sum(exact), { labels: { metric: 'others', sampler: 's' }, value: 5n }],
  histograms: [{ labels: { ...labels, op: 'write', metric: 'latency' }, value: null }, histogram],
});
const uncounted = snapshotOf({ histograms: [histogram] });

const textOf = (
  snapshot: typeof counted,
  options: Partial<PrometheusOptions> = {},
  format: Format = 'text',
) =>
  createEncoder({ format, escaping: 'underscores' }, { ...defaultOptions, ...options }).encode(
    snapshot,
    null,
    [],
  );

/** Whether a message holds a double in a field, by the wire format of protobuf. */
function holds(body: Uint8Array, field: number, value: number): boolean {
  const bytes = Buffer.alloc(9);
  bytes[0] = (field << 3) | 1;
  bytes.writeDoubleLE(value, 1);
  return Buffer.from(body).includes(bytes);
}

describe('a counted sum of a histogram', () => {
  it.each(['text', 'openmetrics'] as const)('is its _sum and no series of its own: %s', (format) => {
    const families = parseExposition(textOf(counted, {}, format).toString(), format);
    expect(families.map(({ name }) => name.replace('_total', ''))).toEqual(['latency', 'others']);
    const sums = families[0]!.samples.filter(({ name }) => name === 'latency_sum');
    expect(sums).toMatchObject([{ labels: { op: 'read', sampler: 's' }, value: Number(exact) }]);
  });

  it('is exact beyond what doubles hold', () => {
    const large = snapshotOf({ counters: [sum(2n ** 60n + 1n)], histograms: [histogram] });
    expect(textOf(large).toString()).toContain('\nlatency_sum{op="read",sampler="s"} 1152921504606846977\n');
  });

  it("is in the original's distribution", () => {
    const text = textOf(counted, { compatibility: true, classicGroupingPower: 0 }).toString();
    expect(text).toMatch(/^latency_distribution_sum\{.*op="read".*\} 3003$/m);
    expect(text).not.toMatch(/^latency_sum/m);
  });

  it('is in every protocol', () => {
    const options = { ...defaultOptions, quantiles: false };
    const otlp = (snapshot: typeof counted) =>
      new OtlpEncoder(options, {}, '1').encode(snapshot, [], 1n).body;
    const write = (snapshot: typeof counted, version: '1.0' | '2.0', nativeHistograms: boolean) =>
      new RemoteWriteEncoder(version, { ...options, nativeHistograms }, {}).encode(snapshot, [], 1)[0]!.body;
    for (const [snapshot, value] of [
      [counted, Number(exact)],
      [uncounted, estimated],
    ] as const) {
      expect(holds(textOf(snapshot, {}, 'protobuf'), 2, value)).toBe(true);
      expect(holds(textOf(snapshot, { nativeHistograms: false }, 'protobuf'), 2, value)).toBe(true);
      expect(holds(otlp(snapshot), 5, value)).toBe(true);
      for (const version of ['1.0', '2.0'] as const) {
        expect(holds(write(snapshot, version, true), 3, value)).toBe(true);
        expect(holds(write(snapshot, version, false), 1, value)).toBe(true);
      }
    }
  });

  it('leaves with its histogram', () => {
    const exclude = [parseSelector('latency')!];
    expect(textOf(counted, { exclude }).toString()).not.toContain('latency');
    expect(
      createEncoder({ format: 'protobuf', escaping: 'underscores' }, defaultOptions).prepare(counted),
    ).toEqual({
      exported: 3,
      dropped: { limit: 0, duplicate: 0, name: 0 },
    });
  });

  it.each([
    ['of other labels', [sum(exact, { op: 'open' })]],
    ['that was not read', [sum(null)]],
    ['of another group', []],
  ])('is estimated without one: a counter %s', (_, counters) => {
    const snapshot = snapshotOf({ counters, histograms: [histogram] }, { counters: [sum(exact)] });
    expect(textOf(snapshot).toString()).toContain(`\nlatency_sum{op="read",sampler="s"} ${estimated}\n`);
  });
});
