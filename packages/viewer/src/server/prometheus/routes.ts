import { sentence } from '@rezolus/core';
import { type LabelMatcher, matchersOf } from '@rezolus/query';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import manifest from '../../../package.json' with { type: 'json' };
import { clientSignal } from '../abort.ts';
import { badData } from '../errors.ts';
import type { Library, OpenCapture } from '../library.ts';
import { durationParam, limitParam, rangeParams, requestParams, timeParam } from './params.ts';

/** Prometheus' default for `query.timeout`. */
const queryTimeoutMs = 120_000;
/** The Prometheus whose HTTP API this follows; Grafana decides by it what it may ask for. */
const apiVersion = '3.0.0';

type Handler = (
  params: URLSearchParams,
  capture: OpenCapture,
  request: FastifyRequest,
  reply: FastifyReply,
) => unknown;

/**
 * prometheusRoutes: adds the Prometheus HTTP API under `/api/v1/`, as Grafana and promtool use it. With more than one
 * capture the parameter `capture` takes the id of the one that is asked.
 */
export function prometheusRoutes(app: FastifyInstance, library: Library): void {
  const route = (method: string[], path: string, handler: Handler) =>
    app.route({
      method,
      url: `/api/v1/${path}`,
      handler(request, reply) {
        const params = requestParams(request);
        return handler(params, library.get(params.get('capture')), request, reply);
      },
    });
  const both = ['GET', 'POST'];

  route(both, 'query', async (params, { queries }, _request, reply) => {
    const timeMs = timeParam(params, 'time', Date.now());
    const query = queryParam(params);
    return json(reply, await queries.instant({ query, timeMs }, deadline(params, reply)));
  });
  route(both, 'query_range', async (params, { queries }, _request, reply) => {
    const range = rangeParams(params);
    const query = queryParam(params);
    return json(reply, await queries.matrix({ query, ...range }, deadline(params, reply)));
  });
  route(both, 'series', (params, { engine }) => {
    const matchers = matchParams(params);
    if (matchers.length === 0) throw badData('no match[] parameter provided');
    const series = engine.seriesMatching(matchers);
    return limited(
      series.map(({ metric, labels }) => ({ __name__: metric, ...labels })),
      params,
    );
  });
  route(both, 'labels', (params, { engine }) => limited(engine.labelNames(matchParams(params)), params));
  route(['GET'], 'label/:name/values', (params, { engine }, request) => {
    const { name } = request.params as { name: string };
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) throw badData(`invalid label name: ${JSON.stringify(name)}`);
    return limited(engine.labelValues(name, matchParams(params)), params);
  });
  route(['GET'], 'metadata', (params, { engine }) => {
    const wanted = params.get('metric');
    const all = engine.metadata().filter(({ metric }) => wanted === null || metric === wanted);
    const entries = all.slice(0, limitParam(params)).map(({ metric, kind, unit = '', description = '' }) => {
      return [metric, [{ type: kind, help: description, unit }]] as const;
    });
    return success(Object.fromEntries(entries));
  });
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

function success<T>(data: T): { status: 'success'; data: T } {
  return { status: 'success', data };
}

/** limited: a list cut to the parameter `limit`, with a warning where that took something away. */
function limited<T>(list: readonly T[], params: URLSearchParams): object {
  const limit = limitParam(params);
  if (list.length <= limit) return success(list);
  return { ...success(list.slice(0, limit)), warnings: ['results truncated due to limit'] };
}

function json(reply: FastifyReply, body: string): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(body);
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

/** deadline: aborts after the parameter `timeout`, at most our own, or when the client goes away. */
function deadline(params: URLSearchParams, reply: FastifyReply): AbortSignal {
  const asked = durationParam(params, 'timeout') ?? queryTimeoutMs;
  return clientSignal(reply, Math.max(0, Math.ceil(Math.min(asked, queryTimeoutMs))));
}
