import { addMatcher } from '@rezolus/query';
import type { FastifyInstance } from 'fastify';
import { routes, type Section } from '../contract.ts';
import { rangeContentType } from '../wire.ts';
import { clientSignal } from './abort.ts';
import { ByteCache } from './byte-cache.ts';
import { ApiError, badData } from './errors.ts';
import { captureOf, type Library, type OpenCapture } from './library.ts';
import { liveStream } from './live/sse.ts';
import { requestParams } from './prometheus/params.ts';
import { pointLimits, type RangeRequest } from './range.ts';
import { shiftsOf } from './shifts/shifts.ts';

const queryTimeoutMs = 60_000;
const maxStreams = 32;
const maxAnswerBytes = 32 * 1024 * 1024;

/** rezolusRoutes: adds the viewer's own routes that read, as the contract describes them. */
export function rezolusRoutes(app: FastifyInstance, library: Library, documents: readonly Section[]): void {
  app.get(routes.sections, (request) =>
    library.captures.length === 0 ? [] : chosen(library, requestParams(request)).sections.summaries(),
  );
  app.get<{ Params: { id: string } }>(routes.section, (request) => {
    const { id } = request.params;
    const section =
      library.captures.length === 0
        ? (documents.find((document) => document.id === id) ?? null)
        : chosen(library, requestParams(request)).sections.section(id);
    if (section === null) throw new ApiError(404, 'not_found', 'there is no such section');
    return section;
  });
  const answers = new ByteCache(maxAnswerBytes);
  app.get(routes.range, async (request, reply) => {
    const params = requestParams(request);
    const capture = chosen(library, params);
    const wanted = rangeRequest(params, capture);
    const key = `${capture.id} ${JSON.stringify(wanted)}`;
    // A recording never changes, so neither does an answer.
    const isFixed = capture.source.kind === 'file';
    let bytes = isFixed ? answers.get(key) : undefined;
    if (bytes === undefined) {
      bytes = await capture.queries.range(wanted, clientSignal(reply, queryTimeoutMs));
      if (isFixed) answers.set(key, bytes);
    }
    return reply.type(rangeContentType).send(bytes);
  });
  app.get(routes.shifts, (request, reply) => {
    const params = requestParams(request);
    const [base, other] = [library.get(params.get('base')), library.get(params.get('other') ?? '')];
    const [startMs, endMs] = [msParam(params, 'start'), msParam(params, 'end')];
    if (endMs <= startMs) throw badData('invalid parameter "end": it is not after the start');
    const shiftMs = msParam(params, 'shift', 0);
    const signal = clientSignal(reply, queryTimeoutMs);
    return shiftsOf(documents, { base, other, startMs, endMs, shiftMs }, signal);
  });
  let streams = 0;
  app.get(routes.live, (request, reply) => {
    const { source } = chosen(library, requestParams(request));
    if (source.live === undefined) throw new ApiError(404, 'not_found', 'a recording does not change');
    if (streams >= maxStreams) throw new ApiError(503, 'internal', 'too many live streams are open');
    streams++;
    const stream = liveStream(source).once('close', () => streams--);
    return reply.type('text/event-stream').send(stream);
  });
}

/** chosen: the capture that a request is about. Throws ApiError 404. */
export function chosen(library: Library, params: URLSearchParams): OpenCapture {
  return library.get(params.get('capture'));
}

function msParam(params: URLSearchParams, name: string, fallback?: number): number {
  const value = params.has(name) ? Number(params.get(name)) : (fallback ?? Number.NaN);
  if (!(Math.abs(value) <= 8.64e15)) throw badData(`invalid parameter "${name}": a number is needed`);
  return value;
}

/** rangeRequest: the parameters of the range route. Throws ApiError 400. */
export function rangeRequest(params: URLSearchParams, capture: OpenCapture): RangeRequest {
  const query = params.get('query');
  if (query === null) throw badData('invalid parameter "query": a query is needed');
  const [startMs, endMs] = [msParam(params, 'start'), msParam(params, 'end')];
  if (endMs < startMs) throw badData('invalid parameter "end": it is before the start');
  const stepMs = msParam(params, 'step', capture.source.source.intervalMs);
  if (stepMs < 1) throw badData('invalid parameter "step": at least 1 ms');
  const { min, max } = pointLimits;
  const points = Math.floor(msParam(params, 'points', 1000));
  if (points < min || points > max) throw badData(`invalid parameter "points": ${min} to ${max}`);
  const shiftMs = msParam(params, 'shift', 0);
  const node = params.get('node');
  const asked = node === null ? query : addMatcher(query, { name: labelOf(capture), op: '=', value: node });
  return { query: asked, startMs, endMs, stepMs, points, shiftMs };
}

function labelOf(capture: OpenCapture): string {
  return captureOf(capture).nodes?.label ?? 'node';
}
