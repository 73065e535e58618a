import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Server as SecureServer, TLSSocket, TlsOptions } from 'node:tls';
import { createSecureContext } from 'node:tls';
import { RezolusError, sentence } from '../errors.ts';
import type { Logger } from '../log.ts';
import { Credentials } from './credentials.ts';
import { RateLimit } from './rate-limit.ts';
import { isWelcome, tlsOptions } from './tls.ts';
import { loadWebConfig, type WebConfig } from './web-config.ts';
import { stampOf } from './yaml-file.ts';

/** Files are looked at no more often than this. */
const checkIntervalMs = 100;

/**
 * WebGuard: lets in whom a web-config file lets in. The file is read again when it, a certificate or a key changed; one
 * that is wrong is logged and the one before stays.
 */
export class WebGuard {
  readonly #path: string;
  readonly #log: Logger;
  readonly #servers: Server[] = [];
  #config: WebConfig;
  #tls: TlsOptions | null;
  #credentials: Credentials;
  #rateLimit: RateLimit | null;
  #stamp: string;
  #checkedMs = performance.now();

  /** Throws as `loadWebConfig`, and REZ_ERR_CONFIG_INVALID where certificate and key do not fit. */
  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
    this.#config = loadWebConfig(path);
    this.#stamp = stampOf(this.#config.files);
    this.#tls = contextOf(path, this.#config);
    this.#credentials = new Credentials(this.#config);
    this.#rateLimit = this.#config.rateLimit && new RateLimit(this.#config.rateLimit);
  }

  /** tls: the options of the server, null without TLS. */
  get tls(): TlsOptions | null {
    return this.#tls;
  }

  /** attach: watches over the connections of a server that was made with {@link tls}. */
  attach(server: Server): void {
    this.#servers.push(server);
    server.prependListener('connection', () => this.#check());
    server.prependListener('secureConnection', (socket: TLSSocket) => {
      if (this.#config.tls !== null && !isWelcome(socket, this.#config.tls)) socket.destroy();
    });
  }

  /** guard: the handler for those who may come in; the others are told 401, 429 or 503. */
  guard(handler: RequestListener): RequestListener {
    return (request, response) => {
      if (request.socket.destroyed) return;
      this.#check();
      for (const [name, value] of Object.entries(this.#config.headers)) response.setHeader(name, value);
      if (this.#rateLimit?.take() === false) return refuse(response, 429, 'too many requests');
      const { challenge } = this.#credentials;
      const act = (verdict: boolean | 'busy') => {
        if (verdict === true) return handler(request, response);
        if (verdict === 'busy') return refuse(response, 503, 'too many passwords to check');
        response.setHeader('www-authenticate', challenge);
        refuse(response, 401, 'unauthorized');
      };
      const verdict = this.#credentials.check(request.headers.authorization, peerOf(request));
      if (!(verdict instanceof Promise)) return act(verdict);
      verdict.then(act, (error: unknown) => {
        this.#log.error({}, `a password could not be checked: ${sentence(error)}`);
        refuse(response, 503, 'passwords cannot be checked');
      });
    };
  }

  #check(): void {
    const nowMs = performance.now();
    if (nowMs - this.#checkedMs < checkIntervalMs) return;
    this.#checkedMs = nowMs;
    const stamp = stampOf(this.#config.files);
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    try {
      this.#reload();
      this.#log.info({ file: this.#path }, 'the web configuration changed');
    } catch (error) {
      this.#log.error({ file: this.#path }, `the web configuration stays as it was: ${sentence(error)}`);
    }
  }

  #reload(): void {
    const config = loadWebConfig(this.#path);
    const tls = contextOf(this.#path, config);
    if ((tls === null) !== (this.#tls === null)) {
      throw new RezolusError(
        'REZ_ERR_CONFIG_INVALID',
        `${this.#path}: TLS is switched on or off with a restart`,
      );
    }
    if (tls !== null) for (const server of this.#servers) applyTls(server, tls);
    if (config.files.join() !== this.#config.files.join()) this.#stamp = stampOf(config.files);
    this.#config = config;
    this.#tls = tls;
    this.#credentials = new Credentials(config);
    this.#rateLimit = config.rateLimit && new RateLimit(config.rateLimit);
  }
}

/** applyTls: what a listening server is and asks of new connections. */
function applyTls(server: Server, tls: TlsOptions): void {
  (server as unknown as SecureServer).setSecureContext(tls);
  Object.assign(server, { requestCert: tls.requestCert, rejectUnauthorized: tls.rejectUnauthorized });
}

/** contextOf: the TLS options of a configuration; proves that certificate, key and ciphers make a context. */
function contextOf(path: string, { tls }: WebConfig): TlsOptions | null {
  if (tls === null) return null;
  const options = tlsOptions(tls);
  try {
    createSecureContext(options);
  } catch (cause) {
    throw new RezolusError('REZ_ERR_CONFIG_INVALID', `${path}: tls_server_config cannot be used`, { cause });
  }
  return options;
}

function peerOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? '';
}

function refuse(response: ServerResponse, status: number, text: string): void {
  if (status === 503) response.setHeader('retry-after', '1');
  // What a stranger sends after this is not read.
  response.setHeader('connection', 'close');
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
