import type { FastifyReply } from 'fastify';

/**
 * clientSignal: aborts when the client of `reply` goes away before it has its answer (AbortError), or after
 * `timeoutMs` (TimeoutError).
 */
export function clientSignal(reply: FastifyReply, timeoutMs: number): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return AbortSignal.any([gone.signal, AbortSignal.timeout(timeoutMs)]);
}
