import { Agent, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps, Agent as SecureAgent } from 'node:https';
import { RezolusError } from '../errors.ts';
import type { ClientConfig } from './client-config.ts';
import { endpointText, socketPathOf } from './endpoint.ts';

/** Response: status and whole body. */
export interface Response {
  readonly status: number;
  /** The header `rezolus-schemas`, see `SnapshotReader` of @rezolus/exposition. */
  readonly schemas?: string | undefined;
  readonly body: Uint8Array;
}

const schemasHeader = 'rezolus-schemas';

/** A body beyond this is not a snapshot. */
const maxBody = 64 * 2 ** 20;

/**
 * HttpClient: GET over kept connections to one endpoint, a URL of `parseEndpoint`. `node:http` and not fetch, because a
 * scrape of 60 KB with fetch takes 1.5 times the CPU time.
 */
export class HttpClient implements Disposable {
  readonly #config: ClientConfig | null;
  readonly #secure: boolean;
  #agent: Agent;

  constructor(origin: URL, config: ClientConfig | null = null) {
    this.#config = config;
    this.#secure = origin.protocol === 'https:';
    this.#agent = this.#newAgent();
  }

  /**
   * open: a client of `origin` with the credentials of a file for `ClientConfig`, which is read again when it changes;
   * empty = none. Throws REZ_ERR_CONFIG_*.
   */
  static async open(origin: URL, httpConfigFile = ''): Promise<HttpClient> {
    if (httpConfigFile === '') return new HttpClient(origin);
    const { ClientConfig } = await import('./client-config.ts');
    return new HttpClient(origin, ClientConfig.load(httpConfigFile));
  }

  /**
   * get: fetches `url`, with the header `rezolus-schemas` where `schemas` is given. Throws REZ_ERR_ENDPOINT_UNREACHABLE where there is no answer within `timeoutMs`,
   * REZ_ERR_ENDPOINT_DENIED for status 401, REZ_ERR_CONFIG_* where the credentials cannot be read, and the reason of
   * `signal` where that aborts.
   */
  async get(url: URL, timeoutMs: number, signal?: AbortSignal, schemas?: string): Promise<Response> {
    if (this.#config?.refresh() === true) {
      this.#agent.destroy();
      this.#agent = this.#newAgent();
    }
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    let response: Response;
    try {
      response = await this.#get(url, either, schemas, true);
    } catch (cause) {
      signal?.throwIfAborted();
      const what = timeout.aborted ? `did not answer within ${timeoutMs} ms` : 'did not answer';
      throw new RezolusError('REZ_ERR_ENDPOINT_UNREACHABLE', `${endpointText(url)} ${what}`, { cause });
    }
    if (response.status !== 401) return response;
    throw new RezolusError('REZ_ERR_ENDPOINT_DENIED', `${endpointText(url)} answered with status 401`);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  #newAgent(): Agent {
    const options = { keepAlive: true, maxSockets: 2 };
    return this.#secure ? new SecureAgent({ ...options, ...this.#config?.tls }) : new Agent(options);
  }

  #get(url: URL, signal: AbortSignal, schemas: string | undefined, retry: boolean): Promise<Response> {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const authorization = this.#config?.authorization;
    const options: RequestOptions = {
      agent: this.#agent,
      signal,
      headers: {
        accept: '*/*',
        ...(authorization !== undefined && { authorization }),
        ...(schemas !== undefined && { [schemasHeader]: schemas }),
      },
    };
    const receive = (response: IncomingMessage) => {
      const { statusCode: status = 0, headers } = response;
      const state = headers[schemasHeader] as string | undefined;
      collect(response).then((body) => resolve({ status, body, schemas: state }), reject);
    };
    const socketPath = socketPathOf(url);
    const send = this.#secure ? requestHttps : requestHttp;
    const request =
      socketPath === undefined
        ? send(url, options, receive)
        : send({ ...options, socketPath, path: url.pathname + url.search }, receive);
    request.on('error', (error) => {
      // The server may close an idle connection just when it is used again.
      if (retry && request.reusedSocket && !signal.aborted) resolve(this.#get(url, signal, schemas, false));
      else reject(error);
    });
    request.end();
    return promise;
  }
}

async function collect(response: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response) {
    length += part.length;
    if (length > maxBody) throw new RangeError(`answer of more than ${maxBody} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
