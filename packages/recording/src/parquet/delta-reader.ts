const two32 = 2 ** 32;

/**
 * readDelta: decodes `count` 64-bit integers of DELTA_BINARY_PACKED (Parquet "Encodings", 5) into `words`, low and high
 * halves alternating. Throws RangeError where the bytes end early or hold fewer values.
 */
export function readDelta(bytes: Uint8Array, words: Uint32Array, count: number): void {
  const input = { bytes, at: 0 };
  const blockSize = Number(varint(input));
  const miniblocks = Number(varint(input));
  const total = Number(varint(input));
  const size = blockSize / miniblocks;
  if (!(size > 0 && size % 8 === 0 && blockSize <= 2 ** 20) || total < count) {
    throw new RangeError('damaged delta header');
  }
  const first = zigzag(input);
  if (count === 0) return;
  let low = Number(first & 0xffff_ffffn);
  let high = Number((first >> 32n) & 0xffff_ffffn);
  words[0] = low;
  words[1] = high;
  let done = 1;
  while (done < count) {
    const least = zigzag(input);
    const leastLow = Number(least & 0xffff_ffffn);
    const leastHigh = Number((least >> 32n) & 0xffff_ffffn);
    const widths = input.at;
    input.at += miniblocks;
    for (let m = 0; m < miniblocks && done < count; m++) {
      const width = bytes[widths + m];
      if (width === undefined || width > 64) throw new RangeError('damaged delta block');
      const end = Math.min(count, done + size);
      if (input.at + Math.ceil(((end - done) * width) / 8) > bytes.length) {
        throw new RangeError('delta block ends early');
      }
      let bit = input.at * 8;
      if (width <= 32 && staysExact(low, high, leastLow, leastHigh, end - done)) {
        const step = (leastHigh | 0) * two32 + leastLow;
        let value = high * two32 + low;
        for (; done < end; done++) {
          value += step + (width === 0 ? 0 : bits(bytes, bit, width));
          bit += width;
          words[2 * done] = value;
          words[2 * done + 1] = value / two32;
        }
        low = value % two32;
        high = Math.floor(value / two32);
      }
      for (; done < end; done++) {
        let addLow = leastLow;
        let addHigh = leastHigh;
        if (width > 0) {
          addLow += bits(bytes, bit, Math.min(width, 32));
          if (width > 32) addHigh += bits(bytes, bit + 32, width - 32);
        }
        bit += width;
        low += addLow;
        // Three halves add up to less than 3 * 2^32: the carry is 0, 1 or 2.
        const carry = low >= two32 ? (low >= 2 * two32 ? 2 : 1) : 0;
        low -= carry * two32;
        high = (high + addHigh + carry) % two32;
        words[2 * done] = low;
        words[2 * done + 1] = high;
      }
      input.at += (size * width) / 8;
    }
  }
}

/** staysExact: whether `count` additions of the least delta and 32 bits keep a value between 0 and 2^53. */
function staysExact(low: number, high: number, leastLow: number, leastHigh: number, count: number): boolean {
  const least = (leastHigh | 0) * two32 + leastLow;
  const value = high * two32 + low;
  return value + Math.min(0, least) * count >= 0 && value + (Math.max(0, least) + two32) * count < 2 ** 53;
}

/** bits: `width` (1 to 32) bits from a bit position; bytes beyond the end count as 0. */
function bits(bytes: Uint8Array, bit: number, width: number): number {
  const i = bit >>> 3;
  const shift = bit & 7;
  const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
  if (width + shift <= 32) return width === 32 ? word >>> 0 : (word >>> shift) & ((1 << width) - 1);
  const above = (bytes[i + 4]! << (32 - shift)) | (word >>> shift);
  return width === 32 ? above >>> 0 : (above & (2 ** width - 1)) >>> 0;
}

function varint(input: { bytes: Uint8Array; at: number }): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = input.bytes[input.at++];
    if (byte === undefined) throw new RangeError('delta header ends early');
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw new RangeError('integer too long');
}

function zigzag(input: { bytes: Uint8Array; at: number }): bigint {
  const value = BigInt.asUintN(64, varint(input));
  return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
}
