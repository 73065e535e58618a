import { describe, expect, test } from 'vitest';
import type { Subject } from '../../src/app/charts/drawing.ts';
import { bucketHeatmap, deviceHeatmap } from '../../src/app/charts/heatmaps.ts';
import { legendOf, linearRange, linesDrawing, logRange } from '../../src/app/charts/lines.ts';
import { contrast, palettes } from '../../src/app/lib/colors.ts';
import type { LineSeries } from '../../src/app/lib/series.ts';
import type { Plot } from '../../src/contract.ts';

const plot: Plot = { id: 'p', title: 'P', style: 'percentiles', unit: 'time', query: 'm', width: 'full' };
const one = (labels: Record<string, string>, ...values: number[]): LineSeries => ({
  labels,
  times: Float64Array.from(values, (_, i) => i * 1000),
  values: Float64Array.from(values),
});
const subject = (series: LineSeries[], drawn: Subject['drawn'], unit: Plot['unit'] = 'time'): Subject => ({
  plot: { ...plot, unit },
  reply: { kind: 'lines', series },
  drawn,
  step: 1000,
  palette: palettes.dark,
});

describe('y ranges', () => {
  test('start at 0 unless that hides the shape', () => {
    expect(linearRange(10, 100)[0]).toBe(0);
    const [low, high] = linearRange(900, 1000);
    expect(low).toBeGreaterThan(800);
    expect(high).toBeGreaterThan(1000);
    expect(linearRange(5, 5)[0]).toBe(0);
    expect(linearRange(0, 0)).toEqual([0, 1]);
    expect(linearRange(null, null, { max: 1 })).toEqual([0, 1]);
  });

  test('stop at the limits of the plot, but never hide data', () => {
    expect(linearRange(0, 0.99, { min: 0, max: 1 })).toEqual([0, 1]);
    expect(linearRange(0, 1.5, { min: 0, max: 1 })[1]).toBeGreaterThan(1.5);
    expect(linearRange(0.99, 1, { min: 0, max: 1 })).toEqual([0, 1]);
  });

  test('span at least a decade where they are logarithmic', () => {
    const [low, high] = logRange(100, 100);
    expect(high / low).toBeCloseTo(10);
    expect(logRange(10, 1e6)).toEqual([10 / 1.3, 1.3e6]);
  });
});

test('legend entries keep their order, low percentiles are drawn on top', () => {
  const all = [one({ quantile: '0.5' }, 1, 2), one({ quantile: '0.99' }, 3, 4)];
  const it = subject(all, 'percentiles');
  const drawing = linesDrawing(it, all);
  expect(legendOf(it).map(({ name }) => name)).toEqual(['p50', 'p99']);
  expect(drawing.members(0)).toEqual([2]);
  expect(drawing.members(1)).toEqual([1]);
  expect(drawing.data[2]).toEqual([1, 2]);
});

test('a merged series brings its band along', () => {
  const merged = { ...one({}, 2, 3), min: Float64Array.of(1, 1), max: Float64Array.of(5, 6) };
  const drawing = linesDrawing(subject([merged], 'line'), [merged]);
  expect(drawing.bands.map(({ series }) => series)).toEqual([[1, 2]]);
  expect(drawing.members(0)).toEqual([1, 2, 3]);
  expect(drawing.data.slice(1)).toEqual([
    [5, 6],
    [1, 1],
    [2, 3],
  ]);
});

test('zero has a place on a logarithmic axis', () => {
  const all = [one({ quantile: '0.5' }, 0, 50)];
  expect(linesDrawing(subject(all, 'percentiles'), all).data[1]).toEqual([1, 50]);
});

test('devices are sorted from the top and read back', () => {
  const all = [one({ id: '10' }, 7, 8), one({ id: '2' }, 1, 2)];
  const heatmap = deviceHeatmap(subject(all, 'devices', 'rate'), all, () => {});
  expect(heatmap.y.labels(heatmap.y.ticks(0, 2, 5))).toEqual(['2', '10']);
  expect(heatmap.read(1000, 1.5)).toEqual({ name: '2', value: 2 });
  expect(heatmap.read(100, 0.5)).toEqual({ name: '10', value: 7 });
  expect(heatmap.read(900_000, 0.5)).toBeUndefined();
});

test('buckets are read back with their range', () => {
  const reply = {
    kind: 'buckets',
    times: Float64Array.of(1000, 2000),
    bounds: Float64Array.of(10, 100),
    columns: Uint32Array.of(0, 1),
    rows: Uint16Array.of(0, 1),
    counts: Float64Array.of(3, 4),
  } as const;
  const heatmap = bucketHeatmap({ ...subject([], 'buckets'), reply }, reply, () => {});
  expect(heatmap.read(1500, 50)).toEqual({ name: 'events', value: 4, range: { low: 10, high: 100 } });
  expect(heatmap.read(500, 7)).toEqual({ name: 'events', value: 3, range: { low: 5, high: 10 } });
  expect(heatmap.read(500, 50)).toBeUndefined();
});

describe.each(['dark', 'light'] as const)('the %s palette', (theme) => {
  const { surface, text, line, lines, percentiles } = palettes[theme];

  test('has readable labels and visible lines (WCAG 2 AA: 4.5 for text, 3 for graphics)', () => {
    expect(contrast(text, surface)).toBeGreaterThanOrEqual(4.5);
    for (const color of [line, ...lines, ...percentiles]) {
      expect(contrast(color, surface), color).toBeGreaterThanOrEqual(3);
    }
  });
});
