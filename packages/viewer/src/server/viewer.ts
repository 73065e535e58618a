import type { AddressInfo } from 'node:net';
import { type Logger, RezolusError, silentLogger } from '@rezolus/core';
import fastify, { type FastifyInstance } from 'fastify';
import { builtAppDir, serveApp } from './app-files.ts';
import { answerErrors } from './errors.ts';
import { prometheusRoutes } from './prometheus/routes.ts';
import { engineQueries, queryEngine } from './queries.ts';
import { rezolusRoutes } from './rezolus-routes.ts';
import { loadSections } from './sections/load.ts';
import { SectionView } from './sections/section-view.ts';
import { guard, securityHeaders } from './security.ts';
import type { ViewerSource } from './source.ts';

/** ViewerOptions: what to show and where. */
export interface ViewerOptions {
  readonly source: ViewerSource;
  /** Port 0 takes any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Folder of the built app; default is where `npm run build:viewer` puts it. */
  readonly appDir?: string;
  readonly log?: Logger;
  /** More names that the Host header may have, e.g. that of a reverse proxy. */
  readonly allowedHosts?: readonly string[];
}

/** Viewer: a running viewer. */
export interface Viewer {
  /** URL of its start page, e.g. `http://127.0.0.1:41234/`. */
  readonly address: string;
  /** close: stops listening, ends open requests and closes the source. */
  close(): Promise<void>;
}

/**
 * startViewer: serves the app, the Prometheus HTTP API and the viewer's own routes for one source. The viewer owns the
 * source from then on. Throws RezolusError REZ_ERR_LISTEN where the address is taken or not allowed.
 */
export async function startViewer(options: ViewerOptions): Promise<Viewer> {
  const { source, listen, appDir = builtAppDir, log = silentLogger } = options;
  const app = createServer(log);
  guard(app, [listen.host, ...(options.allowedHosts ?? [])]);
  const engine = queryEngine(source.source, source.kind);
  const queries = source.queries ?? engineQueries(engine);
  const sections = new SectionView(await loadSections(), engine, source.source);
  app.register(async (api) => {
    api.addHook('onSend', async (_request, reply) => {
      reply.header('cache-control', 'no-store');
    });
    prometheusRoutes(api, engine, queries);
    rezolusRoutes(api, { source, queries, sections });
  });
  await serveApp(app, appDir);
  try {
    await app.listen({ host: listen.host, port: listen.port });
  } catch (cause) {
    await app.close();
    await source.close();
    throw new RezolusError('REZ_ERR_LISTEN', `cannot listen on ${listen.host}:${listen.port}`, { cause });
  }
  // By the time the app asks for its navigation, the section documents are parsed and looked up.
  setImmediate(() => sections.summaries());
  return {
    address: addressOf(app.server.address() as AddressInfo),
    async close() {
      await app.close();
      await source.close();
    },
  };
}

/** createServer: a server without routes, with limits on what a client may send and how slowly. */
function createServer(log: Logger): FastifyInstance {
  const app = fastify({
    bodyLimit: 256 * 1024,
    requestTimeout: 10_000,
    connectionTimeout: 60_000,
    forceCloseConnections: true,
    http: { headersTimeout: 5000, maxHeaderSize: 16 * 1024 },
    // URLs that cannot be decoded never reach a hook.
    frameworkErrors(error, _request, reply) {
      const body = { status: 'error', errorType: 'bad_data', error: error.message };
      const headers = { ...securityHeaders, 'content-type': 'application/json; charset=utf-8' };
      reply.raw.writeHead(400, headers).end(JSON.stringify(body));
    },
  });
  app.server.maxConnections = 1024;
  answerErrors(app, log);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_request: unknown, body: string | Buffer) => new URLSearchParams(String(body)),
  );
  return app;
}

/** addressOf: the URL of a listening socket; one that listens everywhere is reached by the loopback. */
function addressOf({ address, port }: AddressInfo): string {
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
}
