import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import manifest from '../../../package.json' with { type: 'json' };
import { clientSignal } from '../abort.ts';
import type { Library } from '../library.ts';
import { type Asked, answers, labelValues, success } from './answers.ts';
import { durationParam, requestParams } from './params.ts';

/** Prometheus' default for `query.timeout`. */
const queryTimeoutMs = 120_000;
/** The Prometheus whose HTTP API this follows; Grafana decides by it what it may ask for. */
const apiVersion = '3.0.0';
/** Paths that take parameters in a body, too. */
const posted: ReadonlySet<string> = new Set(['query', 'query_range', 'series', 'labels']);

/**
 * prometheusRoutes: adds the Prometheus HTTP API under `/api/v1/`, as Grafana and promtool use it. With more than one
 * capture the parameter `capture` takes the id of the one that is asked.
 */
export function prometheusRoutes(app: FastifyInstance, library: Library): void {
  const route = (
    method: string[],
    path: string,
    handler: (asked: Asked, request: FastifyRequest) => unknown,
  ) =>
    app.route({
      method,
      url: `/api/v1/${path}`,
      async handler(request, reply) {
        const params = requestParams(request);
        const capture = library.get(params.get('capture'));
        const answer = await handler({ params, capture, signal: deadline(params, reply) }, request);
        return typeof answer === 'string'
          ? reply.type('application/json; charset=utf-8').send(answer)
          : answer;
      },
    });
  for (const [path, answer] of Object.entries(answers)) {
    route(posted.has(path) ? ['GET', 'POST'] : ['GET'], path, answer);
  }
  route(['GET'], 'label/:name/values', (asked, request) =>
    labelValues((request.params as { name: string }).name, asked),
  );
  app.get('/api/v1/status/buildinfo', () =>
    success({
      version: apiVersion,
      revision: `rezolus-${manifest.version}`,
      branch: '',
      buildUser: '',
      buildDate: '',
      goVersion: '',
    }),
  );
}

/** deadline: aborts after the parameter `timeout`, at most our own, or when the client goes away. */
function deadline(params: URLSearchParams, reply: FastifyReply): AbortSignal {
  const asked = durationParam(params, 'timeout') ?? queryTimeoutMs;
  return clientSignal(reply, Math.max(0, Math.ceil(Math.min(asked, queryTimeoutMs))));
}
