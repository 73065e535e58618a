import { zstdDecompressSync } from 'node:zlib';

/** inflateZstd: ZSTD by Node. Throws where the bytes are damaged or come to more than `size`. */
export function inflateZstd(bytes: Uint8Array, size: number): Uint8Array {
  // A byte more than is needed: Node allocates another buffer once one is full.
  return zstdDecompressSync(bytes, { maxOutputLength: Math.max(size, 1), chunkSize: Math.max(size + 1, 64) });
}
