import type uPlot from 'uplot';
import { fade } from '../lib/colors.ts';
import { seriesNames } from '../lib/naming.ts';
import { align, type LineSeries } from '../lib/series.ts';
import { formatTicks, linearTicks, logTicks } from '../lib/units.ts';
import type { Drawing, Entry, Subject, YAxis } from './drawing.ts';

/** legendOf: the entries of a lines answer, in the order of its series. */
export function legendOf({ reply, drawn, palette, colors: own }: Subject): Entry[] {
  if (reply.kind === 'buckets') return [];
  const isCompared = drawn === 'overlay' || drawn === 'difference';
  const names = isCompared
    ? reply.series.map(({ labels }) => labels.capture ?? '')
    : seriesNames(reply.series.map(({ labels }) => labels));
  const colors = own ?? (drawn === 'percentiles' ? palette.percentiles : palette.lines);
  return names.map((name, i) => ({
    name,
    color: drawn === 'line' ? palette.line : colors[i % colors.length]!,
  }));
}

/** linesDrawing: lines, each with a soft band from its least to its largest value where points were merged. */
export function linesDrawing(subject: Subject, all: readonly LineSeries[]): Drawing {
  const { plot, drawn, step } = subject;
  const log = drawn !== 'difference' && (plot.style === 'percentiles' || plot.logScale === true);
  const aligned = align(all, step);
  const entries = legendOf(subject);
  const data: (number | null | undefined)[][] = [aligned.times];
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  const members: number[][] = [];
  const floor = plot.style === 'percentiles' ? atLeastOne : ifPositive;
  const positive = log ? (column: (number | null | undefined)[]) => column.map(floor) : identity;

  // Low percentiles are drawn last, on top of the wide bands of the high ones.
  for (const [i, entry] of [...entries.entries()].reverse()) {
    const own: number[] = [];
    const envelope = aligned.envelopes[i];
    if (envelope) {
      bands.push({
        series: [series.length, series.length + 1],
        fill: fade(entry.color, drawn === 'line' ? 0.24 : 0.16),
      });
      for (const edge of [envelope.max, envelope.min]) {
        own.push(series.length);
        series.push({ stroke: 'transparent', width: 0, points: { show: false } });
        data.push(positive(edge));
      }
    }
    own.push(series.length);
    series.push(
      drawn === 'difference' ? difference(entry) : line(entry, drawn === 'line', aligned.isolated[i]!),
    );
    data.push(positive(aligned.values[i]!));
    members[i] = own;
  }
  if (drawn === 'overlay' && entries.length === 2) bands.push(...ribbon(entries, members));
  return {
    signature: [
      drawn,
      log,
      plot.id,
      plot.unit,
      ...entries.map((e, i) => `${e.name}${aligned.envelopes[i] ? '±' : ''}`),
    ].join('\n'),
    data: data as uPlot.AlignedData,
    series,
    bands,
    y: drawn === 'difference' ? differenceAxis(subject) : valueAxis(subject, log),
    members: (entry) => members[entry] ?? [],
  };
}

/** ribbon: what lies between two lines, in the colour of the higher one. */
function ribbon(entries: readonly Entry[], members: readonly (readonly number[])[]): uPlot.Band[] {
  const [base, other] = members.map((own) => own.at(-1)!) as [number, number];
  return [
    { series: [base, other], fill: fade(entries[0]!.color, 0.2) },
    { series: [other, base], fill: fade(entries[1]!.color, 0.2) },
  ];
}

/** difference: a line and the area between it and none. */
function difference({ color }: Entry): uPlot.Series {
  return { stroke: color, width: 1.5, fill: fade(color, 0.16), fillTo: 0, points: { show: false } };
}

const identity = (column: (number | null | undefined)[]) => column;

/** A logarithmic axis has no place for 0 ns or 0 B: they lie at its foot. */
const atLeastOne = (value: number | null | undefined) =>
  typeof value === 'number' ? Math.max(1, value) : value;

/** What has no 1 to start from, as shares have not, leaves out what is not above 0. */
const ifPositive = (value: number | null | undefined) =>
  typeof value === 'number' && value <= 0 ? null : value;

function line({ color }: Entry, filled: boolean, isolated: readonly number[]): uPlot.Series {
  return {
    stroke: color,
    width: 1.5,
    // An area says "from none", so only an axis that starts there has one.
    ...(filled ? { fill: (u: uPlot) => (u.scales.y?.min === 0 ? fade(color, 0.08) : 'transparent') } : {}),
    points: {
      show: isolated.length > 0,
      filter: () => [...isolated],
      size: 4,
      width: 0,
      fill: color,
    },
  };
}

/** valueAxis: the axis of a plot's unit; refits to what is visible, and starts at 0 unless that hides the shape. */
export function valueAxis({ plot }: Pick<Subject, 'plot'>, log: boolean): YAxis {
  return {
    log,
    grid: true,
    range: (min, max) => (log ? logRange(min, max) : linearRange(min, max, plot.range)),
    ticks: (min, max, count) => (log ? logTicks(min, max, count) : linearTicks(min, max, count, plot.unit)),
    labels: (ticks) => formatTicks(ticks, plot.unit, log),
  };
}

/** differenceAxis: the axis of a plot's unit around none. */
function differenceAxis(subject: Subject): YAxis {
  const range = (min: number | null, max: number | null): [number, number] => {
    const [low, high] = [Math.min(min ?? 0, 0), Math.max(max ?? 0, 0)];
    const air = (high - low || 1) * 0.08;
    return [low - air, high + air];
  };
  return { ...valueAxis(subject, false), range };
}

/** linearRange: [min, max] with some air; `limits` stop the air, but never hide data. */
export function linearRange(
  min: number | null,
  max: number | null,
  limits: { readonly min?: number; readonly max?: number } = {},
): [number, number] {
  if (min === null || max === null) return [0, limits.max ?? 1];
  const span = max - min || Math.abs(max) * 0.1 || 1;
  let low = min - span * 0.08;
  let high = max + span * 0.08;
  if (min >= 0 && (min < max * 0.6 || low < 0 || min === max)) low = 0;
  if (max <= 0 && high > 0) high = 0;
  if (min === 0 && max === 0) return [0, Math.min(1, limits.max ?? 1)];
  // A plot that says where its values start is read against that, however narrow their spread.
  if (limits.min !== undefined && min >= limits.min) low = limits.min;
  if (limits.max !== undefined && max <= limits.max) high = Math.min(high, limits.max);
  return [low, high];
}

/** logRange: [min, max] with some air, at least a decade of it. */
export function logRange(min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [1, 1000];
  const low = Math.max(min, 1e-9) / 1.3;
  const high = Math.max(max, 1e-9) * 1.3;
  const lack = 10 / (high / low);
  return lack > 1 ? [low / Math.sqrt(lack), high * Math.sqrt(lack)] : [low, high];
}
