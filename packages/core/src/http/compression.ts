import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';

/** Encoding: the content encodings that our servers can answer with. */
export type Encoding = 'zstd' | 'gzip';

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

/** CompressedBodies: the compressed forms of bodies that are sent more than once, each kept as long as its body. */
export class CompressedBodies {
  readonly #forms = new WeakMap<Buffer, Map<Encoding, Promise<Buffer>>>();

  /** isWorthwhile: whether the body is large enough to gain from compression. */
  static isWorthwhile(body: Buffer): boolean {
    return body.length > smallest;
  }

  /** of: `body` in the given encoding; made once. */
  of(body: Buffer, encoding: Encoding): Promise<Buffer> {
    let forms = this.#forms.get(body);
    if (forms === undefined) {
      forms = new Map();
      this.#forms.set(body, forms);
    }
    let form = forms.get(encoding);
    if (form === undefined) {
      form = compressors[encoding](body);
      forms.set(encoding, form);
    }
    return form;
  }
}
