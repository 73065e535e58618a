import {
  createEngine,
  type Engine,
  type InstantQuery,
  type QueryControl,
  type RangeQuery,
  type Source,
} from '@rezolus/query';
import type { CaptureKind } from '../contract.ts';
import { encodeRange } from '../wire.ts';
import { formatAnswer } from './prometheus/format.ts';
import { answerRange, type RangeRequest } from './range.ts';
import { encodeSpreads, type SpreadsRequest, spreadsOf } from './shifts/spreads.ts';

/**
 * Queries: what takes long, answered in the form that goes to the client, so that it can be done elsewhere than in the
 * thread that serves HTTP. All reject as the engine does, and with the reason of the signal.
 */
export interface Queries {
  /** range: the compact form of the viewer's own range route. */
  range(request: RangeRequest, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** spreads: how the values of many plots are spread in a window, as `encodeSpreads` writes it. */
  spreads(request: SpreadsRequest, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** matrix: the body of `query_range` of the Prometheus API. */
  matrix(query: RangeQuery, signal: AbortSignal): Promise<string>;
  /** instant: the body of `query` of the Prometheus API. */
  instant(query: InstantQuery, signal: AbortSignal): Promise<string>;
}

/** Bytes of results of parts of queries that are kept for a recording. */
const resultBytes = 48 * 2 ** 20;

/** queryEngine: the engine for a source; what it found in a recording stays true and is kept. */
export function queryEngine(source: Source, kind: CaptureKind): Engine {
  return createEngine(source, kind === 'file' ? { cacheBytes: resultBytes } : {});
}

/** engineQueries: answers by an engine in this thread. `checkpoint` is called now and then while it is busy. */
export function engineQueries(
  engine: Pick<Engine, 'queryRange' | 'queryInstant'>,
  checkpoint?: QueryControl['checkpoint'],
): Queries {
  return {
    range: async (request, signal) => encodeRange(await answerRange(engine, request, { signal, checkpoint })),
    spreads: async (request, signal) =>
      encodeSpreads(await spreadsOf(engine, request, { signal, checkpoint })),
    matrix: async (query, signal) => formatAnswer(await engine.queryRange(query, { signal, checkpoint })),
    instant: async (query, signal) => formatAnswer(await engine.queryInstant(query, { signal, checkpoint })),
  };
}
