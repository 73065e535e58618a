import { type RangeReply, routes } from '../../contract.ts';
import { decodeRange } from '../../wire.ts';
import type { RangeRequest } from './plot-query.ts';

/** RequestError: a request that the server refused or never answered; the message is for the user. */
export class RequestError extends Error {
  /** `errorType` of the answer: `bad_data`, `execution`, ...; `network` where there was none. */
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.name = 'RequestError';
    this.type = type;
  }
}

/** Params: parameters of a request; those that are undefined are left out. */
export type Params = Readonly<Record<string, string | number | undefined>>;

/** url: the address of a route, below whatever path the app itself was served from. */
export function url(route: string, params: Params = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) if (value !== undefined) search.set(key, String(value));
  const query = search.toString();
  return `.${route}${query === '' ? '' : `?${query}`}`;
}

async function request(address: string, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, { cache: 'no-store', ...(signal ? { signal } : {}) });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new RequestError('network', 'The viewer does not answer.');
  }
  if (response.ok) return response;
  throw await refusal(response);
}

async function refusal(response: Response): Promise<RequestError> {
  return refusalOf(await response.json().catch(() => null), `${response.status} ${response.statusText}`);
}

function refusalOf(body: unknown, status: string): RequestError {
  if (typeof body === 'object' && body !== null && 'error' in body && typeof body.error === 'string') {
    const type = 'errorType' in body && typeof body.errorType === 'string' ? body.errorType : 'internal';
    return new RequestError(type, body.error);
  }
  return new RequestError('internal', `The viewer answered ${status}`.trim());
}

/** getJson: the JSON document of a route. Throws RequestError, or AbortError where `signal` fired. */
export async function getJson<T>(route: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
  return (await (await request(url(route, params), signal)).json()) as T;
}

/** Sending: what goes along with a request that changes something. */
export interface Sending {
  readonly body?: Blob | undefined;
  /** Told how much of the body has gone, 0..1. */
  readonly progress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * send: asks for a change; the JSON answer. XMLHttpRequest, as fetch says nothing while a body goes. Throws RequestError,
 * or AbortError where the signal fired.
 */
export function send<T>(
  method: 'POST' | 'DELETE',
  route: string,
  params: Params,
  { body, progress, signal }: Sending = {},
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const request = new XMLHttpRequest();
  request.open(method, url(route, params));
  request.responseType = 'json';
  if (body) request.setRequestHeader('content-type', 'application/octet-stream');
  request.upload.onprogress = ({ loaded, total }) => progress?.(loaded / total);
  request.onload = () => {
    if (request.status < 300) resolve(request.response as T);
    else reject(refusalOf(request.response, `${request.status} ${request.statusText}`));
  };
  request.onerror = () => reject(new RequestError('network', 'The viewer does not answer.'));
  request.onabort = () => reject(new DOMException('aborted', 'AbortError'));
  signal?.addEventListener('abort', () => request.abort(), { once: true });
  request.send(body ?? null);
  return promise;
}

/** fetchRange: the answer to a range query. Throws RequestError, or AbortError where `signal` fired. */
export async function fetchRange(wanted: RangeRequest, signal?: AbortSignal): Promise<RangeReply> {
  const response = await request(url(routes.range, { ...wanted }), signal);
  return decodeRange(await response.arrayBuffer());
}
