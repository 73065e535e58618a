const initialBytes = 64 * 1024;
/** After so many values, a buffer of which none needed a quarter is made anew: cgroups come and go. */
const reviewedValues = 64;

const scratch = new BigUint64Array(1);
const scratchWords = new Uint32Array(scratch.buffer);
const encoder = new TextEncoder();

/**
 * MsgpackWriter: writes MessagePack into one growing buffer, every value in its smallest form, as rmp-serde does.
 * 64-bit integers are read as pairs of 32-bit words of the (little-endian) machine, so that no BigInt is made per value.
 */
export class MsgpackWriter {
  #bytes = new Uint8Array(initialBytes);
  #length = 0;
  #taken = 0;
  #longest = 0;

  /** take: a copy of what was written; the writer is empty afterwards. */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#length);
    this.#longest = Math.max(this.#longest, this.#length);
    this.#length = 0;
    if (++this.#taken === reviewedValues) this.#review();
    return bytes;
  }

  #review(): void {
    if (this.#bytes.length > Math.max(this.#longest * 4, initialBytes)) {
      this.#bytes = new Uint8Array(Math.max(this.#longest * 2, initialBytes));
    }
    this.#taken = 0;
    this.#longest = 0;
  }

  /** reset: drops what an encoding that threw left behind. */
  reset(): void {
    this.#length = 0;
  }

  nil(): void {
    this.#reserve(1)[this.#length++] = 0xc0;
  }

  /** array: the header of an array; `length` values must follow. */
  array(length: number): void {
    this.#header(length, 0x90, 0xdc);
  }

  /** map: the header of a map; `length` pairs must follow. */
  map(length: number): void {
    this.#header(length, 0x80, 0xde);
  }

  /** uint: an integer in [0, 2^32). */
  uint(value: number): void {
    this.#length = putUnsigned(this.#reserve(9), this.#length, 0, value);
  }

  /** u64: the low 64 bits of `value` as an unsigned integer. */
  u64(value: bigint): void {
    scratch[0] = value;
    this.#length = putUnsigned(this.#reserve(9), this.#length, scratchWords[1]!, scratchWords[0]!);
  }

  /** i64: the low 64 bits of `value` as a signed integer. */
  i64(value: bigint): void {
    scratch[0] = value;
    this.#length = putSigned(this.#reserve(9), this.#length, scratchWords[1]!, scratchWords[0]!);
  }

  string(text: string): void {
    const most = text.length * 3;
    const bytes = this.#reserve(most + 5);
    const start = this.#length + (most < 32 ? 1 : most < 0x100 ? 2 : most < 0x1_0000 ? 3 : 5);
    const { written } = encoder.encodeInto(text, bytes.subarray(start, start + most));
    this.#stringHeader(written);
    if (this.#length !== start) bytes.copyWithin(this.#length, start, start + written);
    this.#length += written;
  }

  /** stringMap: a map of strings in the order of the keys, or sorted by their bytes. */
  stringMap(map: Readonly<Record<string, string>>, order: 'as given' | 'sorted'): void {
    const keys = Object.keys(map);
    if (order === 'sorted') keys.sort(compareBytes);
    this.map(keys.length);
    for (const key of keys) {
      this.string(key);
      this.string(map[key]!);
    }
  }

  /** raw: bytes that are MessagePack already. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length).set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** u64Array: an array of u64; nil where `present` is 0. */
  u64Array(values: BigUint64Array, present: Uint8Array | null): void {
    this.array(values.length);
    const bytes = this.#reserve(values.length * 9);
    const words = wordsOf(values);
    let at = this.#length;
    for (let i = 0; i < values.length; i++) {
      const low = words[2 * i]!;
      const high = words[2 * i + 1]!;
      if (present !== null && present[i] === 0) bytes[at++] = 0xc0;
      else if (high === 0 && low < 0x80) bytes[at++] = low;
      else at = putUnsigned(bytes, at, high, low);
    }
    this.#length = at;
  }

  /** i64Array: an array of i64; nil where `present` is 0. */
  i64Array(values: BigInt64Array, present: Uint8Array | null): void {
    this.array(values.length);
    const bytes = this.#reserve(values.length * 9);
    const words = wordsOf(values);
    let at = this.#length;
    for (let i = 0; i < values.length; i++) {
      if (present !== null && present[i] === 0) bytes[at++] = 0xc0;
      else at = putSigned(bytes, at, words[2 * i + 1]!, words[2 * i]!);
    }
    this.#length = at;
  }

  #header(length: number, fix: number, wide: number): void {
    const bytes = this.#reserve(5);
    if (length < 16) {
      bytes[this.#length++] = fix | length;
      return;
    }
    const size = length < 0x1_0000 ? 2 : 4;
    bytes[this.#length++] = size === 2 ? wide : wide + 1;
    for (let shift = 8 * (size - 1); shift >= 0; shift -= 8) bytes[this.#length++] = length >>> shift;
  }

  #stringHeader(length: number): void {
    const bytes = this.#bytes;
    if (length < 32) {
      bytes[this.#length++] = 0xa0 | length;
      return;
    }
    const size = length < 0x100 ? 1 : length < 0x1_0000 ? 2 : 4;
    bytes[this.#length++] = size === 1 ? 0xd9 : size === 2 ? 0xda : 0xdb;
    for (let shift = 8 * (size - 1); shift >= 0; shift -= 8) bytes[this.#length++] = length >>> shift;
  }

  #reserve(count: number): Uint8Array {
    const needed = this.#length + count;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    return this.#bytes;
  }
}

function wordsOf(values: BigUint64Array | BigInt64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
}

/** putUnsigned: writes a u64 given as two words in its smallest form; returns the position after it. */
function putUnsigned(bytes: Uint8Array, start: number, high: number, low: number): number {
  let at = start;
  if (high !== 0) {
    bytes[at++] = 0xcf;
    at = putWord(bytes, at, high);
    return putWord(bytes, at, low);
  }
  if (low < 0x80) {
    bytes[at++] = low;
  } else if (low < 0x100) {
    bytes[at++] = 0xcc;
    bytes[at++] = low;
  } else if (low < 0x1_0000) {
    bytes[at++] = 0xcd;
    bytes[at++] = low >>> 8;
    bytes[at++] = low;
  } else {
    bytes[at++] = 0xce;
    at = putWord(bytes, at, low);
  }
  return at;
}

/** putSigned: writes an i64 given as two words in its smallest form; not negative = the unsigned forms. */
function putSigned(bytes: Uint8Array, start: number, high: number, low: number): number {
  if (high < 0x8000_0000) return putUnsigned(bytes, start, high, low);
  let at = start;
  const value = low | 0;
  if (high !== 0xffff_ffff || value >= 0) {
    bytes[at++] = 0xd3;
    at = putWord(bytes, at, high);
    return putWord(bytes, at, low);
  }
  if (value >= -32) {
    bytes[at++] = value;
  } else if (value >= -0x80) {
    bytes[at++] = 0xd0;
    bytes[at++] = value;
  } else if (value >= -0x8000) {
    bytes[at++] = 0xd1;
    bytes[at++] = value >>> 8;
    bytes[at++] = value;
  } else {
    bytes[at++] = 0xd2;
    at = putWord(bytes, at, low);
  }
  return at;
}

function putWord(bytes: Uint8Array, at: number, word: number): number {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
  return at + 4;
}

/** compareBytes: the order of two strings by their UTF-8 bytes, which is not the UTF-16 order beyond the BMP. */
function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a[i] !== b[i]) return weight(a.charCodeAt(i)) - weight(b.charCodeAt(i));
  }
  return a.length - b.length;
}

/** weight: lifts surrogates above the rest of the BMP, where their code points belong. */
function weight(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x1_0000 : unit;
}
