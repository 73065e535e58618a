import type uPlot from 'uplot';
import type { RangeReply } from '../../contract.ts';
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
  type Raster,
} from '../lib/raster.ts';
import { indexAt, type LineSeries, valueAt } from '../lib/series.ts';
import type { Window } from '../lib/zoom.ts';
import type { Drawing, Subject } from './drawing.ts';
import { linesDrawing, valueAxis } from './lines.ts';

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

/** Sharing: what heatmaps that stand side by side have in common. */
export interface Sharing {
  /** The extremes of the rasters of all of them. */
  extent: (window: Window, width: number, height: number) => Pick<Raster, 'min' | 'max'>;
  /** The values that their buckets span. */
  span: (window: Window) => { low: number; high: number } | null;
}

/** shareScale: one scale for the heatmaps of `replies`. */
export function shareScale(replies: readonly RangeReply[], step: number): Sharing {
  const buckets = replies.filter((reply) => reply.kind === 'buckets');
  const span = (window: Window) => {
    const ranges = buckets.flatMap((one) => bucketRange(one, window) ?? []);
    if (ranges.length === 0) return null;
    return { low: Math.min(...ranges.map((r) => r.low)), high: Math.max(...ranges.map((r) => r.high)) };
  };
  let known = '';
  let extent = { min: 0, max: 0 };
  return {
    span,
    extent(window, width, height) {
      const key = [window.min, window.max, width, height].join();
      if (key === known) return extent;
      known = key;
      const range = span(window) ?? { low: 1, high: 1000 };
      const rasters = replies.map((reply) =>
        reply.kind === 'buckets'
          ? bucketRaster(reply, window, range, step, width, height)
          : deviceRaster(reply.series, window, step, width),
      );
      const filled = rasters.filter(({ min, max }) => min !== 0 || max !== 0);
      extent = {
        min: Math.min(...filled.map(({ min }) => min), Number.MAX_VALUE),
        max: Math.max(...filled.map(({ max }) => max), 0),
      };
      if (filled.length === 0) extent.min = 0;
      return extent;
    },
  };
}

/** drawingOf: how one answer is drawn by itself. */
export function drawingOf(subject: Subject, onScale: (scale: ColorScale) => void): Drawing {
  if (subject.reply.kind === 'buckets') return bucketHeatmap(subject, subject.reply, onScale);
  const { series } = subject.reply;
  return subject.drawn === 'devices'
    ? deviceHeatmap(subject, series, onScale)
    : linesDrawing(subject, series);
}

const noPoints: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } };

/**
 * deviceHeatmap: a row per series, sorted by name from the top. `onScale` hears what the colours stand for. With
 * `drawn` = `difference` the colours are those of differences.
 */
export function deviceHeatmap(
  { plot, palette, step, drawn }: Subject,
  all: readonly LineSeries[],
  onScale: (scale: ColorScale) => void,
  sharing?: Sharing,
): Heatmap {
  const names = seriesNames(all.map(({ labels }) => labels));
  const order = names.map((_, i) => i).sort((a, b) => compareNatural(names[a]!, names[b]!));
  const rows = order.map((i) => all[i]!);
  const labels = order.map((i) => names[i]!);
  const differs = drawn === 'difference';
  const table = colorTable(differs ? palette.differences : palette.devices);
  const times = rows.reduce(
    (most, row) => (row.times.length > most.length ? row.times : most),
    rows[0]?.times ?? new Float64Array(),
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
    picture(window, width, height) {
      const raster = deviceRaster(rows, window, step, width);
      const { min, max } = sharing?.extent(window, width, height) ?? raster;
      // Shares of a whole and rates start at none; what never comes near 0 shows its own spread.
      const near = min < max * 0.6 ? 0 : min;
      const most = Math.max(max, -min);
      const low = differs ? -most : Math.min(plot.range?.min ?? near, min);
      const high = differs ? most : max;
      onScale({ low, high, log: false });
      const pixels = colorize(raster, table, low, high, false);
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
  sharing?: Sharing,
): Heatmap {
  const { palette, plot, step } = subject;
  const table = colorTable(palette.buckets);
  let shown = { low: 1, high: 1000 };
  const read = bucketReader(buckets, step);
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
      const { max } = sharing?.extent(window, width, height) ?? raster;
      onScale({ low: 1, high: max, log: true });
      return { width, height, pixels: colorize(raster, table, 0, max, true), ruled: false };
    },
    read: (time, y) => {
      const reading = read(time, y);
      return reading.value === 0 ? undefined : reading;
    },
    fit(window: Window) {
      shown = (sharing ? sharing.span(window) : bucketRange(buckets, window)) ?? shown;
    },
  };
}

/** bucketReader: reads the count at a time (ms) and a value; 0 where there are no events. */
export function bucketReader(
  buckets: Buckets,
  step: number,
): (time: number, y: number) => CellReading & Required<Pick<CellReading, 'range'>> {
  const span = columnWidth(buckets, step);
  const cells = new Map<number, number>();
  for (let i = 0; i < buckets.counts.length; i++) {
    cells.set(buckets.columns[i]! * buckets.bounds.length + buckets.rows[i]!, buckets.counts[i]!);
  }
  return (time, y) => {
    const nearest = indexAt(buckets.times, time + span / 2);
    const row = buckets.bounds.findIndex((bound) => y < bound);
    const isNear = nearest >= 0 && Math.abs(buckets.times[nearest]! - span / 2 - time) <= span;
    return {
      name: 'events',
      value: isNear ? (cells.get(nearest * buckets.bounds.length + row) ?? 0) : 0,
      range: { low: bucketLow(buckets.bounds, row), high: buckets.bounds[row] ?? Number.NaN },
    };
  };
}
