import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { defaultOptions, OtlpEncoder, RemoteWriteEncoder, snappyCompress } from '../../src/index.ts';
import { histogramOf, snapshotOf } from './snapshots.ts';

const python = fileURLToPath(new URL('../../../../.venv/bin/python', import.meta.url));
const pythonMissing = !existsSync(python);
if (pythonMissing) console.warn('skipped: .venv with protobuf is absent; run scripts/setup');

const decode = (script: string, body: Uint8Array) =>
  JSON.parse(
    execFileSync(python, [fileURLToPath(new URL(script, import.meta.url))], { input: body }).toString(),
  );

const descriptions = { events: 'What happened', latency: 'How long' };
const snapshot = snapshotOf({
  counters: [
    { labels: { metric: 'events', sampler: 's', name: 'a"\n💥', unit: 'nanoseconds' }, value: 7n },
    { labels: { metric: 'events', sampler: 's', name: 'big' }, value: 2n ** 64n - 1n },
  ],
  gauges: [{ labels: { metric: 'depth', sampler: 's', unit: 'requests' }, value: -3n }],
  histograms: [{ labels: { metric: 'latency', sampler: 's' }, value: histogramOf([0, 1, 2, 2, 1000]) }],
});
const own = [
  { name: 'up_total', help: 'h', type: 'counter', samples: [{ suffix: '', labels: { a: 'b' }, value: 1.5 }] },
] as const;

describe.skipIf(pythonMissing)('OTLP', () => {
  it('is what OpenTelemetry defines', () => {
    const encoder = new OtlpEncoder(
      { ...defaultOptions, descriptions },
      { 'service.name': 'rezolus' },
      '1.2.3',
    );
    const { body, samples } = encoder.encode(snapshot, own, 5_000_000_000n);
    expect(samples).toBe(5);
    const [resource] = decode('decode-otlp.py', body).resourceMetrics;
    expect(resource.resource.attributes).toEqual([
      { key: 'service.name', value: { stringValue: 'rezolus' } },
    ]);
    const [{ scope, metrics }] = resource.scopeMetrics;
    expect(scope).toEqual({ name: 'rezolus', version: '1.2.3' });
    const byName = Object.fromEntries(metrics.map((metric: { name: string }) => [metric.name, metric]));
    expect(byName.events).toMatchObject({
      description: 'What happened [nanoseconds]',
      unit: 'ns',
      sum: { aggregationTemporality: 'AGGREGATION_TEMPORALITY_CUMULATIVE', isMonotonic: true },
    });
    const [small, big] = byName.events.sum.dataPoints;
    expect(small).toMatchObject({ asInt: '7', timeUnixNano: String(snapshot.systemTimeNs) });
    expect(small.attributes).toContainEqual({ key: 'name', value: { stringValue: 'a"\n💥' } });
    expect(big.asDouble).toBe(2 ** 64);
    expect(byName.depth).toMatchObject({ unit: '{requests}', gauge: { dataPoints: [{ asInt: '-3' }] } });
    expect(byName.up.sum.dataPoints[0]).toMatchObject({ asDouble: 1.5, timeUnixNano: '5000000000' });
    const [point] = byName.latency.exponentialHistogram.dataPoints;
    expect(point).toMatchObject({ count: '5', scale: 3, zeroCount: '1', sum: 0 + 1 + 2 + 2 + 991.5 });
    // Bucket i of OpenTelemetry holds (2^(i/8), 2^((i+1)/8)].
    const counts: number[] = point.positive.bucketCounts.map(Number);
    const first = point.positive.offset ?? 0;
    const bounds = counts.flatMap((count, i) =>
      count > 0 ? [[2 ** ((first + i + 1) / 8), count] as const] : [],
    );
    expect(bounds.slice(0, 2)).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(bounds[2]![0]).toBeGreaterThanOrEqual(960);
    expect(bounds[2]![0]).toBeLessThan(1140);
  });
});

describe('remote write', () => {
  it.skipIf(pythonMissing)('2.0 is what its specification defines', () => {
    const encoder = new RemoteWriteEncoder(
      '2.0',
      { ...defaultOptions, descriptions },
      { job: 'j', instance: 'i' },
    );
    const [request, ...others] = encoder.encode(snapshot, own, 5000);
    expect(others).toEqual([]);
    const { symbols, timeseries } = decode('decode-write.py', request!.body);
    expect(symbols[0]).toBe('');
    expect(new Set(symbols).size).toBe(symbols.length);
    const series = timeseries.map(
      (one: { labels_refs: number[]; metadata: { help_ref: number; type: number } }) => {
        const names = one.labels_refs.map((ref) => symbols[ref]);
        const labels = names.flatMap((name, i) => (i % 2 === 0 ? [[name, names[i + 1]]] : []));
        expect(labels).toEqual(labels.toSorted(([a], [b]) => (a < b ? -1 : 1)));
        return { ...one, ...Object.fromEntries(labels), help: symbols[one.metadata.help_ref ?? 0] };
      },
    );
    const of = (name: string) => series.filter((one: { __name__: string }) => one.__name__ === name);
    const time = String(Math.round(Number(snapshot.systemTimeNs) / 1e6));
    expect(of('events_total')[0]).toMatchObject({
      job: 'j',
      instance: 'i',
      name: 'a"\n💥',
      help: 'What happened [nanoseconds]',
      metadata: { type: 1 },
      samples: [{ value: 7, timestamp: time }],
    });
    expect(of('depth')[0]).toMatchObject({ metadata: { type: 2 }, samples: [{ value: -3 }] });
    expect(of('up_total')[0]).toMatchObject({ a: 'b', samples: [{ value: 1.5, timestamp: '5000' }] });
    expect(of('latency')[0].histograms[0]).toMatchObject({
      count_int: '5',
      schema: 3,
      zero_count_int: '1',
      timestamp: time,
    });
  });

  it('ends what is gone, once', () => {
    const encoder = new RemoteWriteEncoder('1.0', defaultOptions, {});
    const samples = (next: typeof snapshot | null) =>
      encoder.encode(next, [], Date.now() + 1000).reduce((sum, request) => sum + request.samples, 0);
    const less = snapshotOf({
      gauges: [{ labels: { metric: 'depth', sampler: 's', unit: 'requests' }, value: 1n }],
    });
    expect([samples(snapshot), samples(less), samples(less), samples(null), samples(null)]).toEqual([
      4, 4, 1, 1, 0,
    ]);
  });

  it('cuts large snapshots into requests', () => {
    const encoder = new RemoteWriteEncoder('1.0', defaultOptions, {});
    const counters = Array.from({ length: 12_000 }, (_, i) => ({
      labels: { metric: 'm', id: String(i) },
      value: 1n,
    }));
    const requests = encoder.encode(snapshotOf({ counters }), [], 0);
    expect(requests.map(({ samples }) => samples)).toEqual([5000, 5000, 2000]);
  });
});

/** uncompress: by google/snappy's format_description.txt. */
function uncompress(input: Uint8Array): Uint8Array {
  let at = 0;
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = input[at++]!;
    size += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  const output: number[] = [];
  while (at < input.length) {
    const tag = input[at++]!;
    if ((tag & 3) === 0) {
      let length = tag >> 2;
      const extra = length - 59;
      if (extra > 0) {
        length = 0;
        for (let i = 0; i < extra; i++) length += input[at++]! * 2 ** (8 * i);
      }
      for (let i = 0; i <= length; i++) output.push(input[at++]!);
    } else {
      expect(tag & 3).toBe(2);
      const offset = input[at]! | (input[at + 1]! << 8);
      at += 2;
      expect(offset).toBeGreaterThan(0);
      expect(offset).toBeLessThanOrEqual(output.length);
      for (let i = 0; i <= tag >> 2; i++) output.push(output[output.length - offset]!);
    }
  }
  expect(output.length).toBe(size);
  return Uint8Array.from(output);
}

describe('snappyCompress', () => {
  let state = 7;
  const random = (below: number) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
  it.each([
    ['nothing', new Uint8Array(0)],
    ['a byte', Uint8Array.of(1)],
    ['zeros', new Uint8Array(200_000)],
    ['noise', Uint8Array.from({ length: 150_000 }, () => random(256))],
    [
      'text',
      Buffer.from(Array.from({ length: 8000 }, (_, i) => `cpu_usage_total{id="${i}"} ${i * i}\n`).join('')),
    ],
    ['few letters', Uint8Array.from({ length: 70_000 }, () => random(3))],
  ])('comes back whole: %s', (_, input) => {
    const compressed = snappyCompress(input);
    expect(Buffer.compare(uncompress(compressed), input)).toBe(0);
    if (input.length > 50_000 && input[5] === 0) expect(compressed.length).toBeLessThan(input.length / 15);
  });

  it('compresses text to less than half', () => {
    const input = Buffer.from(
      Array.from({ length: 8000 }, (_, i) => `cpu_usage_total{id="${i}"} ${i * i}\n`).join(''),
    );
    expect(snappyCompress(input).length).toBeLessThan(input.length / 2);
  });
});
