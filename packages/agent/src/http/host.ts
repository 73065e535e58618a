import { isOwnHost } from '@rezolus/core/http';
import type { FastifyInstance } from 'fastify';

/** checkHost: answers 421 where the Host header does not name this machine; a request without one is no browser's. */
export function checkHost(server: FastifyInstance, also: readonly string[]): void {
  server.addHook('onRequest', async (request, reply) => {
    const { host } = request.headers;
    if (host === undefined || isOwnHost(host, also)) return;
    return reply
      .code(421)
      .type('text/plain; charset=utf-8')
      .send('the Host header does not name this machine; use its address, its hostname or localhost\n');
  });
}
