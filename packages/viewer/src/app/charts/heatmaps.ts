import type uPlot from 'uplot';
import { colorTable } from '../lib/colors.ts';
import { compareNatural, seriesNames } from '../lib/naming.ts';
import {
  type Buckets,
  bucketLow,
  bucketRange,
  bucketRaster,
  colorize,
  columnWidth,
  deviceRaster,
} from '../lib/raster.ts';
import { indexAt, type LineSeries, valueAt } from '../lib/series.ts';
import type { Window } from '../lib/zoom.ts';
import type { Drawing, Subject } from './drawing.ts';
import { valueAxis } from './lines.ts';

/** ColorScale: what the colours of a heatmap stand for; `low`..`high` in the plot's unit, or counts where `log`. */
export interface ColorScale {
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
}

/** CellReading: what a heatmap shows at one place. */
export interface CellReading {
  readonly name: string;
  readonly value: number;
  /** Of a bucket: its range of values. */
  readonly range?: { readonly low: number; readonly high: number };
}

/** Heatmap: a drawing that paints cells and can be asked what is in them. */
export interface Heatmap extends Drawing {
  /** read: the cell at a time (ms) and a height in units of the y axis. */
  read(time: number, y: number): CellReading | undefined;
}

const noPoints: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } };

/** deviceHeatmap: a row per series, sorted by name from the top. `onScale` hears what the colours stand for. */
export function deviceHeatmap(
  { plot, palette, step }: Subject,
  all: readonly LineSeries[],
  onScale: (scale: ColorScale) => void,
): Heatmap {
  const names = seriesNames(all.map(({ labels }) => labels));
  const order = names.map((_, i) => i).sort((a, b) => compareNatural(names[a]!, names[b]!));
  const rows = order.map((i) => all[i]!);
  const labels = order.map((i) => names[i]!);
  const table = colorTable(palette.devices);
  const times = rows.reduce(
    (most, row) => (row.times.length > most.length ? row.times : most),
    rows[0]!.times,
  );
  return {
    signature: ['devices', plot.id, ...labels].join('\n'),
    data: [Array.from(times), new Array(times.length).fill(null)],
    series: [{}, noPoints],
    bands: [],
    y: {
      log: false,
      grid: false,
      range: () => [0, rows.length],
      ticks: (_min, _max, count) => {
        const every = Math.max(1, Math.ceil(rows.length / Math.max(1, count * 2)));
        return rows.flatMap((_, row) => (row % every === 0 ? [rows.length - row - 0.5] : []));
      },
      labels: (ticks) => ticks.map((tick) => shorten(labels[Math.round(rows.length - tick - 0.5)] ?? '')),
    },
    members: () => [],
    picture(window, width) {
      const raster = deviceRaster(rows, window, step, width);
      // Shares of a whole and rates start at none; what never comes near 0 shows its own spread.
      const near = raster.min < raster.max * 0.6 ? 0 : raster.min;
      const low = Math.min(plot.range?.min ?? near, raster.min);
      onScale({ low, high: raster.max, log: false });
      const pixels = colorize(raster, table, low, raster.max, false);
      return { width, height: rows.length, pixels, ruled: true };
    },
    read(time, y) {
      const row = rows.length - 1 - Math.floor(y);
      const series = rows[row];
      const value = series && valueAt(series, time, step * 1.5 + spacing(series));
      return value === undefined ? undefined : { name: labels[row]!, value };
    },
  };
}

const spacing = ({ times }: LineSeries) => (times.length > 1 ? times[1]! - times[0]! : 0);

const shorten = (label: string) => (label.length > 9 ? `${label.slice(0, 8)}…` : label);

/** bucketHeatmap: counts of a histogram's buckets over time, values on a logarithmic axis. */
export function bucketHeatmap(
  subject: Subject,
  buckets: Buckets,
  onScale: (scale: ColorScale) => void,
): Heatmap {
  const { palette, plot, step } = subject;
  const table = colorTable(palette.buckets);
  let shown = { low: 1, high: 1000 };
  const span = columnWidth(buckets, step);
  const cells = new Map<number, number>();
  for (let i = 0; i < buckets.counts.length; i++) {
    cells.set(buckets.columns[i]! * buckets.bounds.length + buckets.rows[i]!, buckets.counts[i]!);
  }
  const axis = valueAxis(subject, true);
  return {
    signature: ['buckets', plot.id].join('\n'),
    data: [Array.from(buckets.times), new Array(buckets.times.length).fill(null)],
    series: [{}, noPoints],
    bands: [],
    y: { ...axis, grid: false, range: () => [shown.low, shown.high] },
    members: () => [],
    picture(window, width, height) {
      const raster = bucketRaster(buckets, window, shown, step, width, height);
      onScale({ low: 1, high: raster.max, log: true });
      return { width, height, pixels: colorize(raster, table, 0, raster.max, true), ruled: false };
    },
    read(time, y) {
      const nearest = indexAt(buckets.times, time + span / 2);
      const row = buckets.bounds.findIndex((bound) => y < bound);
      const count = cells.get(nearest * buckets.bounds.length + row);
      if (count === undefined || Math.abs(buckets.times[nearest]! - span / 2 - time) > span) return undefined;
      return {
        name: 'events',
        value: count,
        range: { low: bucketLow(buckets.bounds, row), high: buckets.bounds[row]! },
      };
    },
    fit(window: Window) {
      shown = bucketRange(buckets, window) ?? shown;
    },
  };
}
