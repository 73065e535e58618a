import type { FastifyInstance } from 'fastify';
import { routes } from '../contract.ts';
import { rangeContentType } from '../wire.ts';
import { clientSignal } from './abort.ts';
import { chosen, rangeRequest, sectionFor, shiftsFor, summariesFor } from './answers.ts';
import { ByteCache } from './byte-cache.ts';
import { ApiError } from './errors.ts';
import type { Library } from './library.ts';
import { liveStream } from './live/sse.ts';
import { requestParams } from './prometheus/params.ts';

const queryTimeoutMs = 60_000;
const maxStreams = 32;
const maxAnswerBytes = 32 * 1024 * 1024;

/** rezolusRoutes: adds the viewer's own routes that read, as the contract describes them. */
export function rezolusRoutes(app: FastifyInstance, library: Library): void {
  app.get(routes.sections, (request) => summariesFor(library, requestParams(request)));
  app.get<{ Params: { id: string } }>(routes.section, (request) =>
    sectionFor(library, request.params.id, requestParams(request)),
  );
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
  app.get(routes.shifts, (request, reply) =>
    shiftsFor(library, requestParams(request), clientSignal(reply, queryTimeoutMs)),
  );
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
