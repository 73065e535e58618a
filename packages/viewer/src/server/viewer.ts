import { type ListenAddress, type Logger, listenHosts, silentLogger } from '@rezolus/core';
import { FrontDoor } from '@rezolus/core/http';
import fastify, { type FastifyInstance } from 'fastify';
import type { Section } from '../contract.ts';
import { builtAppDir, serveApp } from './app-files.ts';
import { answerErrors } from './errors.ts';
import { Library, type NamedSource } from './library.ts';
import { type LoadingOptions, loadingRoutes } from './loading-routes.ts';
import { AllowList } from './open/allow-list.ts';
import { prometheusRoutes } from './prometheus/routes.ts';
import { rezolusRoutes } from './rezolus-routes.ts';
import { loadSections } from './sections/load.ts';
import { guard, securityHeaders } from './security.ts';

/** ViewerOptions: what to show and where. */
export interface ViewerOptions {
  /** What to show at first; more can be loaded. */
  readonly sources: readonly NamedSource[];
  /** Sections beside our own, e.g. those of plugins. */
  readonly sections?: readonly Section[];
  /** What users may load; default files of up to 1 GiB, and no URLs. */
  readonly loading?: Partial<LoadingOptions>;
  /** Port 0 takes any free one. */
  readonly listen: ListenAddress;
  /** Who may come in, see `FrontDoor`; default everybody. */
  readonly webConfigFile?: string;
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
  /** close: stops listening, ends open requests and closes the captures. */
  close(): Promise<void>;
}

/**
 * startViewer: serves the app, the Prometheus HTTP API and the viewer's own routes for some sources. The viewer owns
 * them from then on. Throws RezolusError REZ_ERR_LISTEN where the address is taken or not allowed and REZ_ERR_CONFIG_*
 * for a wrong web-config file.
 */
export async function startViewer(options: ViewerOptions): Promise<Viewer> {
  const { listen, appDir = builtAppDir, webConfigFile = '', log = silentLogger } = options;
  // A large file takes its time; whoever sends nothing is cut off by the other limits.
  const limits = { maxConnections: 1024, idleMs: 60_000, requestMs: 600_000 };
  const door = await FrontDoor.open({ webConfigFile, log, ...limits });
  const app = createServer(door, log);
  guard(app, [...listenHosts(listen), ...(options.allowedHosts ?? [])]);
  const library = new Library([...(await loadSections()), ...(options.sections ?? [])]);
  for (const source of options.sources) library.add(source);
  app.register(async (api) => {
    api.addHook('onSend', async (_request, reply) => {
      reply.header('cache-control', 'no-store');
    });
    prometheusRoutes(api, library);
    rezolusRoutes(api, library);
    loadingRoutes(api, library, { maxBytes: 2 ** 30, allowed: new AllowList([]), ...options.loading });
  });
  await serveApp(app, appDir);
  const address = await door.listen(app, listen).catch(async (error) => {
    await app.close();
    await library.close();
    throw error;
  });
  // By the time the app asks for its navigation, the section documents are parsed and looked up.
  setImmediate(() => library.captures[0]?.sections.summaries());
  return {
    address: 'path' in listen ? address : `${address}/`,
    async close() {
      await app.close();
      await library.close();
    },
  };
}

/** createServer: a server without routes, with limits on what a client may send. */
function createServer(door: FrontDoor, log: Logger): FastifyInstance {
  const app = fastify({
    bodyLimit: 256 * 1024,
    forceCloseConnections: true,
    serverFactory: door.serverFactory,
    // URLs that cannot be decoded never reach a hook.
    frameworkErrors(error, _request, reply) {
      const body = { status: 'error', errorType: 'bad_data', error: error.message };
      const headers = { ...securityHeaders, 'content-type': 'application/json; charset=utf-8' };
      reply.raw.writeHead(400, headers).end(JSON.stringify(body));
    },
  });
  answerErrors(app, log);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_request: unknown, body: string | Buffer) => new URLSearchParams(String(body)),
  );
  return app;
}
