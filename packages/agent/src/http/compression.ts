import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

type Encoding = 'zstd' | 'gzip';

/** Bodies up to this many bytes fit into one packet with their headers. */
const smallest = 1024;

const compressors: Readonly<Record<Encoding, (body: Buffer) => Promise<Buffer>>> = {
  zstd: promisify<Buffer, Buffer>(zstdCompress),
  gzip: promisify<Buffer, Buffer>(gzip),
};

/**
 * acceptedEncoding: the best of zstd and gzip that an Accept-Encoding header allows, or null; the client's weights
 * decide, zstd among equals.
 */
export function acceptedEncoding(header: string | undefined): Encoding | null {
  if (header === undefined) return null;
  const weights = new Map<string, number>();
  for (const part of header.split(',').slice(0, 32)) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    weights.set(name, weight === undefined ? 1 : Number(weight.slice(2)));
  }
  const weightOf = (encoding: Encoding) => weights.get(encoding) ?? weights.get('*') ?? 0;
  const zstd = weightOf('zstd');
  const gzipped = weightOf('gzip');
  if (zstd > 0 && zstd >= gzipped) return 'zstd';
  return gzipped > 0 ? 'gzip' : null;
}

/**
 * compressResponses: compresses bodies over 1 KB for clients that ask. The compressed form of a body that is sent
 * again (a cached snapshot) is kept as long as the body.
 */
export function compressResponses(server: FastifyInstance): void {
  const compressed = new WeakMap<Buffer, Map<Encoding, Promise<Buffer>>>();
  server.addHook('onSend', async (request, reply, payload) => {
    const body = typeof payload === 'string' ? Buffer.from(payload) : payload;
    if (!Buffer.isBuffer(body) || body.length <= smallest) return payload;
    reply.header('vary', 'accept-encoding');
    const encoding = acceptedEncoding(String(request.headers['accept-encoding'] ?? ''));
    if (encoding === null) return payload;
    let forms = compressed.get(body);
    if (forms === undefined) {
      forms = new Map();
      compressed.set(body, forms);
    }
    let form = forms.get(encoding);
    if (form === undefined) {
      form = compressors[encoding](body);
      forms.set(encoding, form);
    }
    reply.header('content-encoding', encoding);
    reply.removeHeader('content-length');
    return form;
  });
}
