import { expect, test } from 'vitest';
import { colorTable, parseColor } from '../../src/app/lib/colors.ts';
import {
  type Buckets,
  bucketRange,
  bucketRaster,
  colorize,
  columnWidth,
  deviceRaster,
} from '../../src/app/lib/raster.ts';

const row = (times: number[], values: number[]) => ({
  labels: {},
  times: Float64Array.from(times),
  values: Float64Array.from(values),
});
const rows = ({ width, values }: { width: number; values: Float32Array }) =>
  Array.from({ length: values.length / width }, (_, y) =>
    Array.from(values.subarray(y * width, (y + 1) * width)),
  );

test('a device row has a cell per point and holes where there is none', () => {
  const raster = deviceRaster([row([500, 1500, 3500], [1, 2, 4])], { min: 0, max: 4000 }, 1000, 4);
  expect(rows(raster)).toEqual([[1, 2, Number.NaN, 4]]);
  expect([raster.min, raster.max]).toEqual([1, 4]);
});

test('the largest of the points in one column stays', () => {
  const raster = deviceRaster([row([0, 10, 20, 30], [1, 9, 3, 2])], { min: 0, max: 40 }, 10, 1);
  expect(rows(raster)).toEqual([[9]]);
});

const buckets: Buckets = {
  kind: 'buckets',
  times: Float64Array.of(1000, 2000, 4000),
  bounds: Float64Array.of(1, 10, 100, 1000),
  columns: Uint32Array.of(0, 0, 1, 2),
  rows: Uint16Array.of(1, 2, 2, 3),
  counts: Float64Array.of(5, 7, 2, 1),
};

test('buckets lie on a logarithmic axis, columns end at their time', () => {
  const raster = bucketRaster(buckets, { min: 0, max: 4000 }, { low: 1, high: 1000 }, 1000, 4, 3);
  const hole = Number.NaN;
  expect(rows(raster)).toEqual([
    [hole, hole, hole, 1],
    [7, 2, hole, hole],
    [5, hole, hole, hole],
  ]);
});

test('no count is lost or doubled where buckets share a cell', () => {
  const raster = bucketRaster(buckets, { min: 0, max: 4000 }, { low: 1, high: 1000 }, 1000, 4, 1);
  expect(rows(raster)).toEqual([[12, 2, Number.NaN, 1]]);
});

test('the range of buckets is that of the window', () => {
  expect(bucketRange(buckets, { min: 0, max: 4000 })).toEqual({ low: 1, high: 1000 });
  expect(bucketRange(buckets, { min: 1500, max: 2500 })).toEqual({ low: 10, high: 100 });
  expect(bucketRange(buckets, { min: 5000, max: 6000 })).toBeNull();
});

test('one short last column does not make all columns narrow', () => {
  const times = Float64Array.from({ length: 40 }, (_, i) => (i < 39 ? i * 3000 : 38 * 3000 + 1000));
  expect(columnWidth({ ...buckets, times }, 1000)).toBe(3000);
  expect(columnWidth({ ...buckets, times: Float64Array.of(7) }, 1000)).toBe(1000);
});

test('colours run from the first stop to the last, holes stay clear', () => {
  const table = colorTable(['#000000', '#0000ff', '#ffffff']);
  const raster = { width: 4, height: 1, values: Float32Array.of(0, 10, Number.NaN, 5), min: 0, max: 10 };
  const pixels = colorize(raster, table, 0, 10, false);
  expect(Array.from(pixels)).toEqual([0xff000000, 0xffffffff, 0, table[128]]);
  expect(parseColor('#0102ff')).toEqual([1, 2, 255]);
});
