import { acceptedEncoding, CompressedBodies, type FrontDoor, isOwnHost } from '@rezolus/core/http';
import { contentType, type Exposition, encodeV3, negotiate, toJson } from '@rezolus/exposition';
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify';
import type { SnapshotSource } from './source.ts';
import { version } from './version.ts';

/** ServerOptions: what the routes answer from. */
export interface ServerOptions {
  readonly door: FrontDoor;
  render(exposition: Exposition, scraper: string): Promise<Buffer>;
  readonly source: SnapshotSource;
  /** Serve only text 0.0.4, whatever is asked for. */
  readonly textOnly: boolean;
  /** Names besides localhost and the hostname that the Host header may carry. */
  readonly hosts: readonly string[];
  /** Called with an error that a route did not expect; the client is told 500. */
  failed(error: unknown, path: string): void;
}

const text = 'text/plain; charset=utf-8';

/** A scraper that has not taken its answer by then is cut off. */
const answerDeadlineMs = 30_000;

// No route has a schema: without these fastify loads the compilers for them. Neither is ever called.
const withoutSchemas = { buildValidator: () => () => () => true, buildSerializer: () => () => String };

/**
 * createServer: `/metrics`, the banner, and the agent's last answer as `/metrics/binary` and `/metrics/json`. Not listening
 * yet. Limits: those of the door, no bodies, 30 s to take an answer.
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
  server.addHook('onRequest', async (request, reply) => {
    const { host } = request.headers;
    if (host !== undefined && !isOwnHost(host, options.hosts)) {
      return reply
        .code(421)
        .type(text)
        .send('the Host header does not name this machine; name it in the key hosts of the configuration\n');
    }
    const deadline = setTimeout(() => request.raw.socket.destroy(), answerDeadlineMs).unref();
    reply.raw.once('close', () => clearTimeout(deadline));
  });
  server.setNotFoundHandler((_, reply) => reply.code(404).type(text).send('not found\n'));
  server.setErrorHandler((error: { statusCode?: number; message: string }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) options.failed(error, request.url);
    return reply
      .code(status)
      .type(text)
      .send(`${status >= 500 ? 'internal error; see the log of the exporter' : error.message}\n`);
  });

  const compressed = new CompressedBodies();
  const send = async (request: FastifyRequest, reply: FastifyReply, body: Buffer) => {
    reply.header('vary', 'accept, accept-encoding');
    if (!CompressedBodies.isWorthwhile(body)) return reply.send(body);
    const encoding = acceptedEncoding(String(request.headers['accept-encoding'] ?? ''));
    if (encoding === null) return reply.send(body);
    return reply.header('content-encoding', encoding).send(await compressed.of(body, encoding));
  };
  server.get('/', (_, reply) =>
    reply.type(text).send(`Rezolus ${version} Exporter\nFor information, see: https://rezolus.com\n`),
  );
  server.get('/metrics', async (request, reply) => {
    const exposition = negotiate(options.textOnly ? undefined : request.headers.accept);
    const body = await options.render(exposition, scraperOf(request));
    reply.type(contentType(exposition));
    return send(request, reply, body);
  });
  server.get('/metrics/binary', async (request, reply) => {
    const { snapshot } = await options.source.read();
    if (snapshot === null) return reply.code(503).type(text).send('the agent does not answer\n');
    return send(request, reply.type('application/octet-stream'), Buffer.from(encodeV3(snapshot)));
  });
  server.get('/metrics/json', async (request, reply) => {
    const { snapshot } = await options.source.read();
    if (snapshot === null) return reply.code(503).type(text).send('the agent does not answer\n');
    return send(request, reply.type(text), Buffer.from(toJson(snapshot)));
  });
  return server;
}

/**
 * scraperOf: who scrapes: by address and User-Agent; `?scraper=NAME` tells two on one machine apart.
 */
function scraperOf({ ip, headers, query }: FastifyRequest): string {
  const { scraper = '' } = query as { scraper?: unknown };
  return [ip, String(headers['user-agent'] ?? '').slice(0, 200), String(scraper).slice(0, 200)].join('\n');
}
