import { type Params, RequestError, type Sending } from '../app/lib/request.ts';
import type { RangeReply } from '../contract.ts';
import { routes } from '../contract.ts';
import { decodeRange } from '../wire.ts';
import type { SiteReply, SiteRequest } from './protocol.ts';

// What `app/lib/api.ts` is to the app, where a worker in the page is the server: `vite build --mode site`.

export { type Params, RequestError, type Sending, url } from '../app/lib/request.ts';

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
const waiting = new Map<number, PromiseWithResolvers<unknown>>();
let next = 1;

worker.addEventListener('message', ({ data }: MessageEvent<SiteReply>) => {
  const asked = waiting.get(data.id);
  waiting.delete(data.id);
  if ('error' in data) asked?.reject(new RequestError(data.error.type, data.error.message));
  else asked?.resolve(data.answer);
});
worker.addEventListener('error', () => {
  for (const { reject } of waiting.values()) {
    reject(
      new RequestError('network', 'The part of this page that reads recordings has stopped. Reload it.'),
    );
  }
  waiting.clear();
});

function ask(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  params: Params,
  { body, signal }: Sending = {},
): Promise<unknown> {
  const id = next++;
  const asked = Promise.withResolvers<unknown>();
  waiting.set(id, asked);
  const entries = Object.entries(params).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as const],
  );
  worker.postMessage({ id, method, path, params: entries, body } satisfies SiteRequest);
  signal?.addEventListener(
    'abort',
    () => {
      waiting.delete(id);
      worker.postMessage(id satisfies SiteRequest);
      asked.reject(new DOMException('aborted', 'AbortError'));
    },
    { once: true },
  );
  return asked.promise;
}

/** isServed: false, as nothing leaves this page. */
export const isServed = false;

/** getJson: as that of `app/lib/api.ts`. */
export function getJson<T>(route: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
  return ask('GET', route, params, signal ? { signal } : {}) as Promise<T>;
}

/** send: as that of `app/lib/api.ts`. */
export function send<T>(
  method: 'POST' | 'DELETE',
  route: string,
  params: Params,
  sending: Sending = {},
): Promise<T> {
  sending.progress?.(1);
  return ask(method, route, params, sending) as Promise<T>;
}

/** fetchRange: as that of `app/lib/api.ts`. */
export async function fetchRange(wanted: object, signal?: AbortSignal): Promise<RangeReply> {
  const bytes = await ask('GET', routes.range, { ...wanted } as Params, signal ? { signal } : {});
  return decodeRange((bytes as Uint8Array<ArrayBuffer>).buffer);
}
