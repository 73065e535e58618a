import { isOwnHost } from '@rezolus/core/http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from './errors.ts';

/**
 * securityHeaders: sent with every answer. The app is static and same-origin, so nothing inline is allowed.
 * The one trusted type is the one that Svelte makes its templates with.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types svelte-trusted-html',
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/**
 * isSameOrigin: whether a request comes from our own page or from a program. Browsers tell by `Sec-Fetch-Site` and, on
 * everything but plain reads, by `Origin`; programs send neither. A link from elsewhere may be followed (navigation).
 */
export function isSameOrigin({ headers, method }: Pick<FastifyRequest, 'headers' | 'method'>): boolean {
  const reads = method === 'GET' || method === 'HEAD';
  const site = headers['sec-fetch-site'];
  const follows = reads && headers['sec-fetch-mode'] === 'navigate';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !follows) return false;
  if (reads || headers.origin === undefined) return true;
  return headers.origin === `http://${headers.host}` || headers.origin === `https://${headers.host}`;
}

/**
 * guard: refuses requests for other hosts and from other origins, and adds {@link securityHeaders} to every answer.
 * `hosts` are names that this server has beside IP addresses, localhost and the machine's own.
 */
export function guard(app: FastifyInstance, hosts: readonly string[]): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders);
    const { host } = request.headers;
    if (host === undefined || host === '' || !isOwnHost(host, hosts)) {
      throw new ApiError(403, 'forbidden', 'this viewer does not answer to that Host');
    }
    if (!isSameOrigin(request)) {
      throw new ApiError(403, 'forbidden', 'requests from other sites are refused');
    }
  });
}
