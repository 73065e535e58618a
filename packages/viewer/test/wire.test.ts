import { expect, test } from 'vitest';
import type { RangeReply } from '../src/contract.ts';
import { decodeRange, encodeRange } from '../src/wire.ts';

const f64 = (...values: number[]) => Float64Array.from(values);
const roundTrip = (reply: RangeReply) => decodeRange(encodeRange(reply).buffer);

test('lines come back as they were, hostile labels and special values included', () => {
  const shared = f64(1000, 2000, 3000);
  const labels = JSON.parse('{"__proto__":"x","name":"<img src=x onerror=alert(1)>\\u2028\\ud83d\\ude00"}');
  const reply: RangeReply = {
    kind: 'lines',
    series: [
      { labels, times: shared, values: f64(1, Number.NaN, Number.POSITIVE_INFINITY) },
      { labels: {}, times: shared, values: f64(0.1, 2 ** 60, -0), min: f64(0, 1, 2), max: f64(3, 4, 5) },
      { labels: { id: '1' }, times: f64(5, 7, 8, 1e12), values: f64(1, 2, 3, 4) },
      { labels: { id: '2' }, times: f64(), values: f64() },
      { labels: { id: '3' }, times: f64(7), values: f64(9) },
    ],
  };
  const back = roundTrip(reply);
  expect(back).toEqual(reply);
  expect(back.kind === 'lines' && Object.keys(back.series[0]!.labels)).toEqual(['__proto__', 'name']);
});

test('series of one time column share its bytes, and a regular one takes none', () => {
  const times = Float64Array.from({ length: 500 }, (_, i) => 1_700_000_000_000 + i * 1000);
  const series = Array.from({ length: 8 }, (_, id) => ({
    labels: { id: String(id) },
    times,
    values: new Float64Array(500),
  }));
  expect(encodeRange({ kind: 'lines', series }).length).toBeLessThan(8 * 500 * 8 + 1000);
});

test('buckets come back as they were', () => {
  const reply: RangeReply = {
    kind: 'buckets',
    times: f64(1000, 2000, 3500),
    bounds: f64(8, 16, 2 ** 63),
    columns: Uint32Array.of(0, 0, 2),
    rows: Uint16Array.of(0, 2, 1),
    counts: f64(1, 2, 2 ** 40),
  };
  expect(roundTrip(reply)).toEqual(reply);
  const empty: RangeReply = {
    ...reply,
    times: f64(),
    bounds: f64(),
    columns: new Uint32Array(),
    rows: new Uint16Array(),
    counts: f64(),
  };
  expect(roundTrip(empty)).toEqual(empty);
});

test('broken bytes are an error and nothing else', () => {
  const good = encodeRange({
    kind: 'lines',
    series: [{ labels: { a: 'b' }, times: f64(1, 2, 4), values: f64(1, 2, 3) }],
  });
  for (let length = 0; length < good.length; length++) {
    expect(() => decodeRange(good.slice(0, length).buffer)).toThrow('compact form');
  }
  const huge =
    '{"v":1,"kind":"lines","times":[{"n":4294967295,"start":0,"step":1}],"series":[{"labels":{},"times":0}]}';
  const bytes = new Uint8Array(4 + huge.length + 16);
  new DataView(bytes.buffer).setUint32(0, huge.length, true);
  bytes.set(new TextEncoder().encode(huge), 4);
  expect(() => decodeRange(bytes.buffer)).toThrow('compact form');
});
