import { chmodSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { RezolusError } from '../errors.ts';
import { type ListenAddress, listenText } from '../listen.ts';
import type { Logger } from '../log.ts';
import { removeStaleSocket } from './stale-socket.ts';
import type { WebGuard } from './web-guard.ts';

/** FrontDoorOptions: what a server allows, and the file that says to whom. */
export interface FrontDoorOptions {
  /** A file for `loadWebConfig`; empty = everybody who can connect, without TLS. */
  readonly webConfigFile: string;
  readonly log: Logger;
  /** More connections are closed as they come. */
  readonly maxConnections: number;
  /** A connection on which no byte moved for so long is closed. */
  readonly idleMs: number;
  /** A request that is not in by then is refused; default 10 s. */
  readonly requestMs?: number;
}

/** Listenable: the part of a fastify instance that a door needs. */
export interface Listenable {
  readonly server: Server;
  listen(options: { host: string; port: number } | { path: string }): Promise<string>;
}

const limits: ServerOptions = {
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 5000,
};

/**
 * FrontDoor: how clients come in, the same for every server of ours: TCP or a unix socket, TLS, client certificates,
 * passwords and tokens, and limits on headers (16 KB within 10 s), requests (10 s) and connections.
 */
export class FrontDoor {
  readonly #options: FrontDoorOptions;
  readonly #guard: WebGuard | null;
  readonly #createSecureServer: typeof import('node:https').createServer | null;

  private constructor(
    options: FrontDoorOptions,
    guard: WebGuard | null,
    createSecureServer: typeof import('node:https').createServer | null,
  ) {
    this.#options = options;
    this.#guard = guard;
    this.#createSecureServer = createSecureServer;
  }

  /** open: reads the web-config file, if there is one. Throws REZ_ERR_CONFIG_*. */
  static async open(options: FrontDoorOptions): Promise<FrontDoor> {
    if (options.webConfigFile === '') return new FrontDoor(options, null, null);
    // Only here: YAML, bcrypt and their like are a quarter of an agent's memory.
    const { WebGuard } = await import('./web-guard.ts');
    const { createServer: createSecureServer } = await import('node:https');
    return new FrontDoor(options, new WebGuard(options.webConfigFile, options.log), createSecureServer);
  }

  /** serverFactory: what fastify's option of that name wants. */
  readonly serverFactory = (handler: RequestListener): Server => {
    const guard = this.#guard;
    const tls = guard?.tls ?? null;
    const { maxConnections, idleMs, requestMs = 10_000 } = this.#options;
    const settings = { ...limits, requestTimeout: requestMs };
    const guarded = guard === null ? handler : guard.guard(handler);
    const server =
      tls === null
        ? createServer(settings, guarded)
        : (this.#createSecureServer!({ ...settings, ...tls }, guarded) as unknown as Server);
    guard?.attach(server);
    server.maxConnections = maxConnections;
    server.setTimeout(idleMs);
    return server;
  };

  /**
   * listen: listens and returns the URL by which clients on this machine come. A socket that a dead process left behind
   * is replaced. Throws REZ_ERR_LISTEN.
   */
  async listen(app: Listenable, address: ListenAddress): Promise<string> {
    const scheme = this.#guard?.tls ? 'https' : 'http';
    try {
      if ('path' in address) {
        await removeStaleSocket(address.path);
        await app.listen({ path: address.path });
        chmodSync(address.path, address.mode);
        return listenText(address);
      }
      await app.listen({ ...address });
    } catch (cause) {
      throw new RezolusError('REZ_ERR_LISTEN', `cannot listen on ${listenText(address)}`, { cause });
    }
    const bound = app.server.address() as { address: string; port: number };
    const host = bound.address === '0.0.0.0' ? '127.0.0.1' : bound.address === '::' ? '::1' : bound.address;
    return `${scheme}://${listenText({ host, port: bound.port })}`;
  }
}
