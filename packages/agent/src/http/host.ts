import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { FastifyInstance } from 'fastify';

/**
 * isOwnHost: whether a Host header names this machine: an IP address, localhost, its hostname, or one of `also`.
 * Any other name may be one that a web page made to resolve to us (DNS rebinding).
 */
export function isOwnHost(header: string, also: readonly string[] = []): boolean {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header);
  const name = (match?.[1] ?? match?.[2] ?? '').toLowerCase().replace(/\.$/, '');
  if (isIP(name) !== 0) return true;
  return ['localhost', hostname(), ...also].some((own) => own.toLowerCase() === name);
}

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
