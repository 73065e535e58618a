import { sentence } from '@rezolus/core/errors';
import { type LabelMatcher, matchersOf } from '@rezolus/query';
import { badData } from '../errors.ts';
import type { OpenCapture } from '../library.ts';
import { limitParam, rangeParams, timeParam } from './params.ts';

/** Asked: a request of the Prometheus HTTP API about a capture. */
export interface Asked {
  readonly params: URLSearchParams;
  readonly capture: OpenCapture;
  readonly signal: AbortSignal;
}

/**
 * answers: what answers a path below `/api/v1/`: a document, or the JSON text of one. All reject with ApiError 400 for
 * wrong parameters and as the queries of a capture do.
 */
export const answers = {
  query({ params, capture, signal }: Asked): Promise<string> {
    const timeMs = timeParam(params, 'time', Date.now());
    return capture.queries.instant({ query: queryParam(params), timeMs }, signal);
  },
  query_range({ params, capture, signal }: Asked): Promise<string> {
    const range = rangeParams(params);
    return capture.queries.matrix({ query: queryParam(params), ...range }, signal);
  },
  series({ params, capture }: Asked): object {
    const matchers = matchParams(params);
    if (matchers.length === 0) throw badData('no match[] parameter provided');
    const series = capture.engine.seriesMatching(matchers);
    return limited(
      series.map(({ metric, labels }) => ({ __name__: metric, ...labels })),
      params,
    );
  },
  labels: ({ params, capture }: Asked): object =>
    limited(capture.engine.labelNames(matchParams(params)), params),
  metadata({ params, capture }: Asked): object {
    const wanted = params.get('metric');
    const all = capture.engine.metadata().filter(({ metric }) => wanted === null || metric === wanted);
    const entries = all.slice(0, limitParam(params)).map(({ metric, kind, unit = '', description = '' }) => {
      return [metric, [{ type: kind, help: description, unit }]] as const;
    });
    return success(Object.fromEntries(entries));
  },
} as const;

/** labelValues: what answers `/api/v1/label/<name>/values`. Throws ApiError 400. */
export function labelValues(name: string, { params, capture }: Asked): object {
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) throw badData(`invalid label name: ${JSON.stringify(name)}`);
  return limited(capture.engine.labelValues(name, matchParams(params)), params);
}

/** success: an answer with `data`. */
export function success<T>(data: T): { status: 'success'; data: T } {
  return { status: 'success', data };
}

/** limited: a list cut to the parameter `limit`, with a warning where that took something away. */
function limited<T>(list: readonly T[], params: URLSearchParams): object {
  const limit = limitParam(params);
  if (list.length <= limit) return success(list);
  return { ...success(list.slice(0, limit)), warnings: ['results truncated due to limit'] };
}

function queryParam(params: URLSearchParams): string {
  const query = params.get('query') ?? '';
  if (query === '')
    throw badData('invalid parameter "query": unknown position: parse error: no expression found in input');
  return query;
}

function matchParams(params: URLSearchParams): (readonly LabelMatcher[])[] {
  return params.getAll('match[]').map((selector) => {
    try {
      return matchersOf(selector);
    } catch (error) {
      throw badData(`invalid parameter "match[]": ${sentence(error)}`);
    }
  });
}
