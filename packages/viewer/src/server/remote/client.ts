import { RezolusError } from '@rezolus/core';
import { HttpClient } from '@rezolus/core/http';
import { ApiError } from '../errors.ts';

const metadataTimeoutMs = 30_000;
const queryTimeoutMs = 60_000;

/** RemoteHistogram: a native histogram in an answer: buckets are [boundary rule, lower, upper, count]. */
export interface RemoteHistogram {
  readonly count: string;
  readonly sum: string;
  readonly buckets?: readonly (readonly [number, string, string, string])[];
}

/** RemoteSeries: one series of a matrix; times in seconds. */
export interface RemoteSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values?: readonly (readonly [number, string])[];
  readonly histograms?: readonly (readonly [number, RemoteHistogram])[];
}

/** PrometheusClient: the HTTP API of a server that speaks it, below `base`. */
export class PrometheusClient implements Disposable {
  readonly #base: URL;
  readonly #client: HttpClient;

  private constructor(base: URL, client: HttpClient) {
    this.#base = base;
    this.#client = client;
  }

  /**
   * open: a client with the credentials of a file (see `HttpClient.open`). Throws RezolusError REZ_ERR_CONFIG_INVALID
   * where `base` is no http or https URL, and REZ_ERR_CONFIG_* for the file.
   */
  static async open(base: string, httpConfigFile = ''): Promise<PrometheusClient> {
    const url = URL.parse(base.endsWith('/') ? base : `${base}/`);
    if (url === null || !/^https?:$/.test(url.protocol)) {
      throw new RezolusError('REZ_ERR_CONFIG_INVALID', `${base} is not an http or https URL`);
    }
    return new PrometheusClient(url, await HttpClient.open(url, httpConfigFile));
  }

  get origin(): string {
    return this.#base.origin;
  }

  /** data: the `data` of the answer to `path`. Throws REZ_ERR_ENDPOINT_*, ApiError for what the server refuses. */
  async data<T>(path: string, params: Iterable<[string, string]>, signal?: AbortSignal): Promise<T> {
    return (await this.#answer(path, params, metadataTimeoutMs, signal)).data as T;
  }

  /** list: as {@link data}, where that is a list. */
  async list<T>(
    path: string,
    params: Iterable<[string, string]>,
    signal?: AbortSignal,
  ): Promise<readonly T[]> {
    const list = await this.data<T[]>(path, params, signal);
    if (!Array.isArray(list)) throw unexpected(this.#base);
    return list;
  }

  /** text: the answer to a query as the server sent it. Throws as {@link data} does. */
  async text(path: string, params: Iterable<[string, string]>, signal: AbortSignal): Promise<string> {
    return (await this.#answer(path, params, queryTimeoutMs, signal)).text;
  }

  /** range: a range query; times in ms. Throws as {@link data} does. */
  async range(
    query: string,
    { startMs, endMs, stepMs }: { startMs: number; endMs: number; stepMs: number },
    signal: AbortSignal,
  ): Promise<readonly RemoteSeries[]> {
    const params = rangeParams(query, startMs, endMs, stepMs);
    const { result } = (await this.#answer('query_range', params, queryTimeoutMs, signal)).data as {
      result?: readonly RemoteSeries[];
    };
    if (!Array.isArray(result)) throw unexpected(this.#base);
    return result;
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }

  async #answer(
    path: string,
    params: Iterable<[string, string]>,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<{ data: unknown; text: string }> {
    const url = new URL(`api/v1/${path}`, this.#base);
    for (const [name, value] of params) url.searchParams.append(name, value);
    const { body } = await this.#client.get(url, timeoutMs, signal);
    const text = Buffer.from(body).toString();
    let answer: { status?: unknown; data?: unknown; error?: unknown } | null;
    try {
      answer = JSON.parse(text);
    } catch (cause) {
      throw unexpected(this.#base, cause);
    }
    if (answer?.status === 'success' && (answer.data ?? null) !== null) return { data: answer.data, text };
    if (typeof answer?.error !== 'string') throw unexpected(this.#base);
    throw new ApiError(422, 'execution', `${this.origin} answers: ${answer.error.slice(0, 1000)}`);
  }
}

/** rangeParams: the parameters of a range query; times in ms. */
export function rangeParams(
  query: string,
  startMs: number,
  endMs: number,
  stepMs: number,
): [string, string][] {
  return [
    ['query', query],
    ['start', String(startMs / 1000)],
    ['end', String(endMs / 1000)],
    ['step', String(stepMs / 1000)],
  ];
}

function unexpected(base: URL, cause?: unknown): RezolusError {
  const message = `${base.origin} did not answer as Prometheus does`;
  return new RezolusError('REZ_ERR_ENDPOINT_RESPONSE', message, { cause });
}
