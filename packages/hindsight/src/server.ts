import type { ReadStream } from 'node:fs';
import { type RezolusError, sentence } from '@rezolus/core';
import { type FrontDoor, isOwnHost } from '@rezolus/core/http';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyServerOptions } from 'fastify';
import type { DumpRange, WrongRange } from './range.ts';
import type { HindsightStatus } from './status.ts';
import { version } from './version.ts';

/** WrittenDump: the answer of `POST /dump/file`, in the form of the original; times are seconds since the epoch. */
export interface WrittenDump {
  readonly path: string;
  readonly rows: number;
  /** A recording has one. */
  readonly tables: number;
  readonly bytes: number;
  readonly time_range: { readonly start: number; readonly end: number } | null;
}

/** ServerOptions: what the routes answer from. */
export interface ServerOptions {
  readonly door: FrontDoor;
  status(): Promise<HindsightStatus>;
  rangeOf(query: Readonly<Record<string, unknown>>): DumpRange | WrongRange;
  /** stream: a dump, and its size; `wanted` is asked before it begins. */
  stream(
    range: DumpRange,
    wanted: () => boolean,
  ): Promise<{ readonly size: number; readonly body: ReadStream }>;
  /** write: a dump to the configured output. */
  write(range: DumpRange): Promise<WrittenDump>;
  /** Names besides localhost and the hostname that the Host header may carry. */
  readonly hosts: readonly string[];
  /** Called with an error that a route did not expect; the client is told 500. */
  failed(error: unknown, path: string): void;
}

const text = 'text/plain; charset=utf-8';
const json = 'application/json; charset=utf-8';

const banner = `Rezolus ${version} Hindsight
For information, see: https://rezolus.com

GET  /status                     what the buffer holds, as JSON
GET  /dump?last=5m               the last five minutes as a Parquet file
GET  /dump?start=TIME&end=TIME   a range; seconds since the epoch or RFC 3339
POST /dump/file                  write to the configured output; takes the same parameters
`;

// No route has a schema: without these fastify loads the compilers for them. Neither is ever called.
const withoutSchemas = { buildValidator: () => () => () => true, buildSerializer: () => () => String };

/**
 * createServer: the routes of the original's hindsight. Not listening yet. Limits: those of the door, no bodies to speak
 * of.
 */
export function createServer(options: ServerOptions): FastifyInstance {
  const server = fastify({
    bodyLimit: 1024,
    forceCloseConnections: true,
    serverFactory: options.door.serverFactory,
    schemaController: {
      compilersFactory: withoutSchemas,
    } as unknown as FastifyServerOptions['schemaController'] & object,
    // A URL that cannot be decoded never gets to a route.
    frameworkErrors: (_, __, { raw }) => raw.writeHead(400, { 'content-type': text }).end('bad request\n'),
  });
  server.addHook('onRequest', async (request, reply) => {
    const { host, origin } = request.headers;
    if (host !== undefined && !isOwnHost(host, options.hosts)) {
      const hint = 'the Host header does not name this machine; name it in [general] hosts of hindsight\n';
      return reply.code(421).type(text).send(hint);
    }
    // A page of another site may send a POST, only not read the answer.
    if (origin !== undefined && URL.parse(origin)?.host !== host) {
      return reply.code(403).type(text).send('requests from pages of other sites are refused\n');
    }
  });
  // A body says nothing here, whatever its type.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_, __, done) => done(null));
  server.setNotFoundHandler((_, reply) => reply.code(404).type(text).send('not found\n'));
  server.setErrorHandler((error: { statusCode?: number; message: string }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) options.failed(error, request.url);
    return reply
      .code(status)
      .type(text)
      .send(`${status >= 500 ? sentence(error) : error.message}\n`);
  });
  addRoutes(server, options);
  return server;
}

function addRoutes(server: FastifyInstance, options: ServerOptions): void {
  server.get('/', (_, reply) => reply.type(text).send(banner));
  server.get('/status', async (_, reply) => {
    return reply.type(json).send(JSON.stringify(await options.status()));
  });
  server.get('/dump', async (request, reply) => {
    const range = options.rangeOf(request.query as Record<string, unknown>);
    if ('wrong' in range) return reply.code(400).type(text).send(`${range.wrong}\n`);
    try {
      const { size, body } = await options.stream(range, () => !request.raw.socket.destroyed);
      return reply
        .type('application/octet-stream')
        .header('content-length', size)
        .header('content-disposition', 'attachment; filename="dump.parquet"')
        .header('cache-control', 'no-store')
        .send(body);
    } catch (error) {
      return refuse(reply, error, (message) => `${message}\n`);
    }
  });
  server.post('/dump/file', async (request, reply) => {
    reply.type(json);
    const empty = { path: '', rows: 0, tables: 0, bytes: 0, time_range: null };
    const range = options.rangeOf(request.query as Record<string, unknown>);
    if ('wrong' in range) return reply.code(400).send(JSON.stringify({ ...empty, error: range.wrong }));
    try {
      return reply.send(JSON.stringify(await options.write(range)));
    } catch (error) {
      return refuse(reply.type(json), error, (message) => JSON.stringify({ ...empty, error: message }));
    }
  });
}

/** Errors of a dump that are no fault of the program, and their status. */
const statusOfCode: Readonly<Record<string, number>> = {
  REZ_ERR_RECORDING_EMPTY: 404,
  REZ_ERR_RECORDING_BUSY: 503,
  REZ_ERR_RECORDING_WRITE: 500,
};

function refuse(reply: FastifyReply, error: unknown, form: (message: string) => string): FastifyReply {
  const status = statusOfCode[(error as RezolusError).code];
  if (status === undefined) throw error;
  if (status === 503) reply.header('retry-after', '5');
  return (reply.hasHeader('content-type') ? reply : reply.type(text))
    .code(status)
    .send(form(sentence(error)));
}
