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

/** url: the address of a route, below whatever path the app itself was served from. */
export function url(route: string, params: Record<string, string | number> = {}): string {
  const search = new URLSearchParams(Object.entries(params).map(([key, value]) => [key, String(value)]));
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
  const body: unknown = await response.json().catch(() => null);
  if (typeof body === 'object' && body !== null && 'error' in body && typeof body.error === 'string') {
    const type = 'errorType' in body && typeof body.errorType === 'string' ? body.errorType : 'internal';
    return new RequestError(type, body.error);
  }
  return new RequestError('internal', `The viewer answered ${response.status} ${response.statusText}`.trim());
}

/** getJson: the JSON document of a route. Throws RequestError, or AbortError where `signal` fired. */
export async function getJson<T>(
  route: string,
  params: Record<string, string | number> = {},
  signal?: AbortSignal,
): Promise<T> {
  return (await (await request(url(route, params), signal)).json()) as T;
}

/** fetchRange: the answer to a range query. Throws RequestError, or AbortError where `signal` fired. */
export async function fetchRange(wanted: RangeRequest, signal?: AbortSignal): Promise<RangeReply> {
  const response = await request(url(routes.range, { ...wanted }), signal);
  return decodeRange(await response.arrayBuffer());
}
