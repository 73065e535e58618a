import { type RangeReply, routes } from '../../contract.ts';
import { decodeRange } from '../../wire.ts';
import type { RangeRequest } from './plot-query.ts';
import { type Params, RequestError, type Sending, url } from './request.ts';

export { type Params, RequestError, type Sending, url } from './request.ts';

/** isServed: whether a server of ours answers; the build for static hosts has `site/client.ts` in place of this module. */
export const isServed: boolean = true;

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
