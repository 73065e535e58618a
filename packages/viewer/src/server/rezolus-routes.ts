import type { FastifyInstance } from 'fastify';
import { routes } from '../contract.ts';
import { rangeContentType } from '../wire.ts';
import { clientSignal } from './abort.ts';
import { ByteCache } from './byte-cache.ts';
import { captureOf } from './capture.ts';
import { ApiError, badData } from './errors.ts';
import { liveStream } from './live/sse.ts';
import { requestParams } from './prometheus/params.ts';
import type { Queries } from './queries.ts';
import { pointLimits, type RangeRequest } from './range.ts';
import type { SectionView } from './sections/section-view.ts';
import type { ViewerSource } from './source.ts';

/** RezolusContext: what the viewer's own routes answer from. */
export interface RezolusContext {
  readonly source: ViewerSource;
  readonly queries: Queries;
  readonly sections: SectionView;
}

const queryTimeoutMs = 60_000;
const maxStreams = 32;
const maxAnswerBytes = 32 * 1024 * 1024;

/** rezolusRoutes: adds the viewer's own routes, as the contract describes them. */
export function rezolusRoutes(app: FastifyInstance, { source, queries, sections }: RezolusContext): void {
  app.get(routes.capture, () => captureOf(source));
  app.get(routes.sections, () => sections.summaries());
  app.get<{ Params: { id: string } }>(routes.section, ({ params: { id } }) => {
    const section = sections.section(id);
    if (section === null) throw new ApiError(404, 'not_found', 'there is no such section');
    return section;
  });
  const answers = new ByteCache(maxAnswerBytes);
  app.get(routes.range, async (request, reply) => {
    const wanted = rangeRequest(requestParams(request), source.source.intervalMs);
    const key = JSON.stringify(wanted);
    // A recording never changes, so neither does an answer.
    let bytes = source.kind === 'file' ? answers.get(key) : undefined;
    if (bytes === undefined) {
      bytes = await queries.range(wanted, clientSignal(reply, queryTimeoutMs));
      if (source.kind === 'file') answers.set(key, bytes);
    }
    return reply.type(rangeContentType).send(bytes);
  });
  let streams = 0;
  app.get(routes.live, (_request, reply) => {
    if (source.live === undefined) throw new ApiError(404, 'not_found', 'a recording does not change');
    if (streams >= maxStreams) throw new ApiError(503, 'internal', 'too many live streams are open');
    streams++;
    const stream = liveStream(source).once('close', () => streams--);
    return reply.type('text/event-stream').send(stream);
  });
}

/** rangeRequest: the parameters of the range route. Throws ApiError 400. */
function rangeRequest(params: URLSearchParams, intervalMs: number): RangeRequest {
  const ms = (name: string, fallback?: number) => {
    const value = params.has(name) ? Number(params.get(name)) : (fallback ?? Number.NaN);
    if (!(Math.abs(value) <= 8.64e15)) throw badData(`invalid parameter "${name}": a number is needed`);
    return value;
  };
  const query = params.get('query');
  if (query === null) throw badData('invalid parameter "query": a query is needed');
  const [startMs, endMs] = [ms('start'), ms('end')];
  if (endMs < startMs) throw badData('invalid parameter "end": it is before the start');
  const stepMs = ms('step', intervalMs);
  if (stepMs < 1) throw badData('invalid parameter "step": at least 1 ms');
  const { min, max } = pointLimits;
  const points = Math.floor(ms('points', 1000));
  if (points < min || points > max) throw badData(`invalid parameter "points": ${min} to ${max}`);
  return { query, startMs, endMs, stepMs, points };
}
