import { type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** Outcome: `retry` = the server may take it later, `refused` = it never will. */
export interface Outcome {
  readonly result: 'ok' | 'retry' | 'refused';
  /** What the server or the network said. */
  readonly reason: string;
  /** From Retry-After, or null. */
  readonly retryAfterMs: number | null;
}

/** post: sends one request. Never throws; an aborted signal is a retry. */
export function post(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const failed = (error: Error) => resolve({ result: 'retry', reason: error.message, retryAfterMs: null });
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const either = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const request = send(url, { method: 'POST', headers, signal: either }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      if (text.length < 500) text += part;
    });
    response.on('error', failed);
    response.on('end', () => {
      const status = response.statusCode ?? 0;
      resolve({
        result: resultOf(status),
        reason: `status ${status} ${text.slice(0, 500).trim()}`.trim(),
        retryAfterMs: retryAfter(response.headers),
      });
    });
  });
  request.on('error', failed);
  request.end(body);
  return promise;
}

/** resultOf: 5xx and 429 are to be sent again, other statuses not (prometheus.io/docs/specs/prw). */
function resultOf(status: number): Outcome['result'] {
  if (status >= 200 && status < 300) return 'ok';
  return status >= 500 || status === 429 ? 'retry' : 'refused';
}

function retryAfter(headers: IncomingHttpHeaders): number | null {
  const seconds = Number(headers['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 300) * 1000 : null;
}
