import type { Engine, QueryControl } from '@rezolus/query';
import { breath } from '../range.ts';

/** Measure: what is compared: the values of a line, or the events of a histogram (`query` is its bare selector). */
export interface Measure {
  readonly kind: 'line' | 'histogram';
  readonly query: string;
}

/** SpreadsRequest: measures and the window (ms) that they are taken in. */
export interface SpreadsRequest {
  readonly measures: readonly Measure[];
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/** quantileCount: how many quantiles describe a spread, evenly from 0 to 1. */
export const quantileCount = 101;

/** Sketch: a spread as numbers; null where there is no value. */
export interface Sketch {
  readonly count: number;
  readonly mean: number;
  /** {@link quantileCount} of them, ascending. */
  readonly quantiles: Float64Array;
}

const maxSteps = 10_000;
const levels = Array.from({ length: quantileCount }, (_, i) => i / (quantileCount - 1));

/**
 * spreadsOf: the spread of each measure, null where it has no values or its query fails in this capture. Rejects with
 * the reason of the control's signal.
 */
export async function spreadsOf(
  engine: Pick<Engine, 'queryRange'>,
  { measures, startMs, endMs, stepMs }: SpreadsRequest,
  control: QueryControl,
): Promise<(Sketch | null)[]> {
  const steps = Math.max(1, Math.ceil((endMs - startMs) / stepMs / maxSteps));
  const window = { startMs, endMs, stepMs: steps * stepMs };
  const sketches: (Sketch | null)[] = [];
  for (const { kind, query } of measures) {
    try {
      sketches.push(
        kind === 'line'
          ? await lineSketch(engine, { query, ...window }, control)
          : await histogramSketch(engine, query, window, control),
      );
    } catch (error) {
      control.signal?.throwIfAborted();
      if (!(error instanceof Error && error.name === 'RezolusError')) throw error;
      sketches.push(null);
    }
    await breath();
  }
  return sketches;
}

type Window = Pick<SpreadsRequest, 'startMs' | 'endMs' | 'stepMs'>;

async function lineSketch(
  engine: Pick<Engine, 'queryRange'>,
  range: Window & { readonly query: string },
  control: QueryControl,
): Promise<Sketch | null> {
  const { result } = await engine.queryRange(range, control);
  if (result.kind !== 'matrix' || result.series.length !== 1) return null;
  const values = result.series[0]!.values.filter(Number.isFinite).sort();
  if (values.length === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { count: values.length, mean, quantiles: quantilesOf(values) };
}

/** quantilesOf: by linear interpolation between the closest ranks of ascending `values`. */
function quantilesOf(values: Float64Array): Float64Array {
  return Float64Array.from(levels, (level) => {
    const at = level * (values.length - 1);
    const below = values[Math.floor(at)]!;
    const above = values[Math.ceil(at)]!;
    return below + (above - below) * (at - Math.floor(at));
  });
}

/** histogramSketch: of all events in the window, of all series of the selector together. */
async function histogramSketch(
  engine: Pick<Engine, 'queryRange'>,
  selector: string,
  { startMs, endMs }: Window,
  control: QueryControl,
): Promise<Sketch | null> {
  const window = { startMs: endMs, endMs, stepMs: Math.max(1, endMs - startMs) };
  const last = async (query: string): Promise<number[]> => {
    const { result } = await engine.queryRange({ query, ...window }, control);
    return result.kind === 'matrix' ? result.series.map(({ values }) => values.at(-1) ?? Number.NaN) : [];
  };
  const [count = 0] = await last(`histogram_count(${selector})`);
  if (!(count > 0)) return null;
  const [mean = Number.NaN] = await last(`histogram_mean(${selector})`);
  const quantiles = await last(`histogram_quantiles([${levels.join(', ')}], ${selector})`);
  if (quantiles.length !== quantileCount) return null;
  return { count, mean, quantiles: Float64Array.from(quantiles).sort() };
}

const width = 2 + quantileCount;

/** encodeSpreads: sketches as doubles: count, mean and quantiles of each; NaN where there is none. */
export function encodeSpreads(sketches: readonly (Sketch | null)[]): Uint8Array<ArrayBuffer> {
  const numbers = new Float64Array(sketches.length * width).fill(Number.NaN);
  for (const [i, sketch] of sketches.entries()) {
    if (sketch !== null) numbers.set([sketch.count, sketch.mean, ...sketch.quantiles], i * width);
  }
  return new Uint8Array(numbers.buffer);
}

/** decodeSpreads: what {@link encodeSpreads} wrote. */
export function decodeSpreads(bytes: Uint8Array<ArrayBuffer>): (Sketch | null)[] {
  const numbers = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
  return Array.from({ length: numbers.length / width }, (_, i) => {
    const [count, mean, ...quantiles] = numbers.subarray(i * width, (i + 1) * width);
    return Number.isNaN(count)
      ? null
      : { count: count!, mean: mean!, quantiles: Float64Array.from(quantiles) };
  });
}
