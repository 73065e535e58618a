import type { SamplerStatus } from '@rezolus/core';
import type { FrontDoor } from '@rezolus/core/http';
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import type { SnapshotCache } from '../snapshot.ts';
import type { AgentStatus } from '../status.ts';
import { compressResponses } from './compression.ts';
import { checkHost } from './host.ts';

/** ServerOptions: what the routes answer from. */
export interface ServerOptions {
  readonly version: string;
  readonly door: FrontDoor;
  readonly snapshots: Pick<SnapshotCache, 'read' | 'readNews'>;
  readonly format: 'v2' | 'v3';
  readonly descriptions: Readonly<Record<string, string>>;
  systemInfo(): object;
  samplers(): readonly SamplerStatus[];
  status(): AgentStatus;
  /** Called with an error that a route did not expect; the client is told 500. */
  failed(error: unknown, path: string): void;
  /** Names besides localhost and the hostname that the Host header may carry. */
  readonly hosts: readonly string[];
}

const text = 'text/plain; charset=utf-8';
const json = 'application/json; charset=utf-8';

// No route has a schema: without these fastify loads the compilers for them, a tenth of the agent's memory. Neither is
// ever called.
const withoutSchemas = { buildValidator: () => () => () => true, buildSerializer: () => () => String };

/**
 * createServer: the HTTP routes of the original's agent. Not listening yet. Limits are those of the door and of a
 * machine endpoint: no bodies, 10 s for an answer.
 */
export function createServer(options: ServerOptions): FastifyInstance {
  const server = fastify({
    bodyLimit: 1024,
    handlerTimeout: 10_000,
    forceCloseConnections: true,
    serverFactory: options.door.serverFactory,
    schemaController: {
      compilersFactory: withoutSchemas,
    } as unknown as FastifyServerOptions['schemaController'] & object,
    // A URL that cannot be decoded never gets to a route.
    frameworkErrors: (_, __, { raw }) => raw.writeHead(400, { 'content-type': text }).end('bad request\n'),
  });
  checkHost(server, options.hosts);
  compressResponses(server);
  server.setNotFoundHandler((_, reply) => reply.code(404).type(text).send('not found\n'));
  server.setErrorHandler((error: { statusCode?: number; message: string }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) options.failed(error, request.url);
    return reply
      .code(status)
      .type(text)
      .send(`${status >= 500 ? 'internal error; see the log of the agent' : error.message}\n`);
  });

  server.get('/', (_, reply) =>
    reply.type(text).send(`Rezolus ${options.version} Agent\nFor information, see: https://rezolus.com\n`),
  );
  server.get('/metrics/binary', async ({ headers }, reply) => {
    reply.type('application/octet-stream');
    const state = headers['rezolus-schemas'];
    if (typeof state !== 'string' || options.format !== 'v3') {
      return reply.send(await options.snapshots.read(options.format));
    }
    const news = await options.snapshots.readNews(state);
    return reply.header('rezolus-schemas', news.state).send(news.bytes);
  });
  server.get('/metrics/json', async (_, reply) =>
    reply.type(text).send(await options.snapshots.read('json')),
  );
  const answers: Readonly<Record<string, () => unknown>> = {
    '/metrics/descriptions': () => options.descriptions,
    '/systeminfo': options.systemInfo,
    '/samplers': options.samplers,
    '/status': options.status,
  };
  for (const [path, answer] of Object.entries(answers)) {
    server.get(path, (_, reply) => reply.type(json).send(JSON.stringify(answer())));
  }
  return server;
}
