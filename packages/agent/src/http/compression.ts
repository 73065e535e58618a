import { acceptedEncoding, CompressedBodies } from '@rezolus/core/http';
import type { FastifyInstance } from 'fastify';

/**
 * compressResponses: compresses bodies over 1 KB for clients that ask. The compressed form of a body that is sent
 * again (a cached snapshot) is kept as long as the body.
 */
export function compressResponses(server: FastifyInstance): void {
  const compressed = new CompressedBodies();
  server.addHook('onSend', async (request, reply, payload) => {
    const body = typeof payload === 'string' ? Buffer.from(payload) : payload;
    if (!Buffer.isBuffer(body) || !CompressedBodies.isWorthwhile(body)) return payload;
    reply.header('vary', 'accept-encoding');
    const encoding = acceptedEncoding(String(request.headers['accept-encoding'] ?? ''));
    if (encoding === null) return payload;
    reply.header('content-encoding', encoding);
    reply.removeHeader('content-length');
    return compressed.of(body, encoding);
  });
}
