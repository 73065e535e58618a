import { type Engine, parse, type QueryControl } from '@rezolus/query';
import type { RangeReply } from '../contract.ts';
import { type LineSeries, lineMerger, mergeBuckets, mergeWidth, type RangeWindow } from './decimate.ts';
import { ApiError } from './errors.ts';

/** RangeRequest: a range query and how many points per series its answer may have; times in ms. */
export interface RangeRequest extends RangeWindow {
  readonly query: string;
  /** Within {@link pointLimits}. */
  readonly points: number;
  /** How much later all times in the request and its answer are than in the source, ms; default 0. */
  readonly shiftMs?: number;
}

/** pointLimits: fewest and most points per series that can be asked for. */
export const pointLimits = { min: 100, max: 10_000 } as const;

/** Steps that are evaluated at once: as much as stays in the CPU's caches for a few hundred series. */
const chunkSteps = 2000;
/** Steps of a whole window, so that a cell of the fewest points is within the limit of the engine for one query. */
const maxSteps = (pointLimits.min - 1) * 10_000;

/**
 * answerRange: the answer of `engine` to a range query, evaluated at every step and then merged to the wanted points,
 * so that no extreme is lost however long the window. Beyond 990,000 steps the step grows. Throws ApiError 422 where
 * the query gives no range, and whatever the engine throws.
 */
export async function answerRange(
  engine: Pick<Engine, 'queryRange'>,
  request: RangeRequest,
  control: QueryControl = {},
): Promise<RangeReply> {
  const { query, points, shiftMs = 0 } = request;
  const shift = shifter(shiftMs);
  const expr = parse(query);
  if (expr.kind === 'tick' && expr.name === 'heatmap') {
    // Columns of what happened per step add up, so a longer step gives at once what merging would.
    const window = expr.stride === null ? onTicks(request, mergeWidth(request, points)) : request;
    const { result } = await engine.queryRange({ query, ...earlier(window, shiftMs) }, control);
    if (result.kind !== 'buckets') throw noRange();
    return mergeBuckets({ ...result, times: shift(result.times) }, points);
  }
  const steps = (request.endMs - request.startMs) / request.stepMs;
  const window = onTicks(request, request.stepMs * Math.max(1, Math.ceil(steps / maxSteps)));
  const width = mergeWidth(window, points);
  const merge = width === window.stepMs ? asIs : lineMerger(window, points);
  const whole = earlier(window, shiftMs);
  const parts = new Map<string, LineSeries[]>();
  for (const chunk of chunksOf(window, width)) {
    const { result } = await engine.queryRange({ query, ...earlier(chunk, shiftMs), whole }, control);
    if (result.kind !== 'matrix') throw noRange();
    for (const series of result.series) {
      const key = JSON.stringify(series.labels);
      const part = merge({ ...series, times: shift(series.times) });
      const known = parts.get(key);
      if (known === undefined) parts.set(key, [part]);
      else known.push(part);
    }
    // Other requests get their turn, and a client that went away is noticed.
    if (chunk.endMs < window.endMs) await breath();
  }
  return { kind: 'lines', series: [...parts.values()].map(concatenate) };
}

/** Node's, or in a browser's worker the nearest thing to it. */
const soon: (callback: () => void) => void = globalThis.setImmediate ?? setTimeout;

/** breath: lets messages and other requests in. */
export function breath(): Promise<void> {
  return new Promise((resolve) => soon(resolve));
}

const asIs = ({ labels, times, values }: LineSeries): LineSeries => ({ labels, times, values });

/** earlier: the window as it is in the source. */
function earlier({ startMs, endMs, stepMs }: RangeWindow, shiftMs: number): RangeWindow {
  return { startMs: startMs - shiftMs, endMs: endMs - shiftMs, stepMs };
}

/** shifter: makes times `shiftMs` later; series that share their times still do so afterwards. */
function shifter(shiftMs: number): (times: Float64Array) => Float64Array {
  if (shiftMs === 0) return (times) => times;
  const known = new Map<Float64Array, Float64Array>();
  return (times) => {
    const shifted = known.get(times) ?? times.map((time) => time + shiftMs);
    known.set(times, shifted);
    return shifted;
  };
}

function noRange(): ApiError {
  return new ApiError(422, 'execution', 'the query does not give a range');
}

/** onTicks: the window at a longer step, on ticks that do not depend on the window. */
function onTicks({ startMs, endMs, stepMs: asked }: RangeWindow, stepMs: number): RangeWindow {
  if (stepMs === asked) return { startMs, endMs, stepMs };
  return { startMs: Math.ceil(startMs / stepMs) * stepMs, endMs: Math.ceil(endMs / stepMs) * stepMs, stepMs };
}

/** chunksOf: the window in parts that are evaluated one by one; none of them splits a cell of `width`. */
function* chunksOf({ startMs, endMs, stepMs }: RangeWindow, width: number): Generator<RangeWindow> {
  if ((endMs - startMs) / stepMs < chunkSteps) {
    yield { startMs, endMs, stepMs };
    return;
  }
  const span = Math.max(1, Math.floor((chunkSteps * stepMs) / width)) * width;
  for (let from = startMs; from <= endMs; ) {
    const end = (Math.floor(from / span) + 1) * span;
    // The ticks of a part are those of the window: startMs + k * stepMs.
    const next = startMs + Math.ceil((end - startMs) / stepMs) * stepMs;
    yield { startMs: from, endMs: Math.min(endMs, next - stepMs), stepMs };
    from = next;
  }
}

function concatenate(parts: readonly LineSeries[]): LineSeries {
  const first = parts[0]!;
  if (parts.length === 1) return first;
  const join = (column: (part: LineSeries) => Float64Array) => {
    const all = new Float64Array(parts.reduce((sum, part) => sum + part.times.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(column(part), at);
      at += part.times.length;
    }
    return all;
  };
  const [times, values] = [join((part) => part.times), join((part) => part.values)];
  if (first.min === undefined) return { labels: first.labels, times, values };
  return {
    labels: first.labels,
    times,
    values,
    min: join((part) => part.min!),
    max: join((part) => part.max!),
  };
}
