/** Widest bit-packed value that is decoded here: it lies within 32 bits whatever bit it begins at. */
export const maxHybridWidth = 24;

/**
 * readHybrid: decodes `count` values of `width` bits from the RLE/bit-packed hybrid in `bytes` (Parquet "Encodings",
 * RLE = 3) into `out`. Throws RangeError where the bytes end early or the width is beyond `maxHybridWidth`.
 */
export function readHybrid(
  bytes: Uint8Array,
  width: number,
  out: Uint8Array | Uint32Array,
  count: number,
): void {
  if (width > maxHybridWidth) throw new RangeError(`values of ${width} bits`);
  const mask = 2 ** width - 1;
  const valueBytes = Math.ceil(width / 8);
  let at = 0;
  let done = 0;
  while (done < count) {
    let header = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 35) throw new RangeError('levels end early');
      header += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    const length = Math.floor(header / 2);
    if (header % 2 === 0) {
      let value = 0;
      for (let i = 0; i < valueBytes; i++) value |= (bytes[at + i] ?? 0) << (8 * i);
      at += valueBytes;
      out.fill(value, done, Math.min(count, done + length));
      done += length;
      continue;
    }
    const end = Math.min(count, done + length * 8);
    if (at + Math.ceil(((end - done) * width) / 8) > bytes.length) throw new RangeError('levels end early');
    let bit = at * 8;
    for (; done < end; done++) {
      const i = bit >>> 3;
      const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
      out[done] = (word >>> (bit & 7)) & mask;
      bit += width;
    }
    at += length * width;
  }
}
