import { malformed } from './error.ts';

const scratch = new BigUint64Array(1);
const scratchWords = new Uint32Array(scratch.buffer);

/**
 * MsgpackReader: reads the MessagePack forms that a snapshot is made of. The caller says which form comes next, so
 * nesting is as deep as the caller's code and no deeper. A length is checked against the bytes that are left before
 * anything is allocated for it. Every method throws REZ_ERR_SNAPSHOT_FORMAT where something else comes.
 */
export class MsgpackReader {
  readonly bytes: Uint8Array;
  position = 0;
  readonly #text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** end: nothing may follow. */
  end(): void {
    if (this.position !== this.bytes.length) throw malformed('trailing bytes', this.position);
  }

  /** nil: consumes a nil if one comes. */
  nil(): boolean {
    if (this.#peek() !== 0xc0) return false;
    this.position++;
    return true;
  }

  /** array: the length of an array whose elements take at least `elementBytes` each. */
  array(elementBytes = 1): number {
    const at = this.position;
    const head = this.#byte();
    const length = (head & 0xf0) === 0x90 ? head & 0x0f : this.#length(head, 0xdc, 'an array', at);
    return this.#fitting(length, elementBytes, at);
  }

  /** tuple: an array of exactly this length. */
  tuple(length: number, what: string): void {
    const at = this.position;
    if (this.array() !== length) throw malformed(`${what} is not an array of ${length}`, at);
  }

  /** stringMap: a map of strings in the order of the bytes; the last of two equal keys wins. */
  stringMap(): Record<string, string> {
    const at = this.position;
    const head = this.#byte();
    const length = (head & 0xf0) === 0x80 ? head & 0x0f : this.#length(head, 0xde, 'a map', at);
    const map: Record<string, string> = {};
    for (let left = this.#fitting(length, 2, at); left > 0; left--) {
      const key = this.string();
      const value = this.string();
      // An assignment would set the prototype and lose the label.
      if (key === '__proto__') Object.defineProperty(map, key, { value, enumerable: true });
      else map[key] = value;
    }
    return map;
  }

  string(): string {
    const at = this.position;
    const head = this.#byte();
    let length: number;
    if ((head & 0xe0) === 0xa0) length = head & 0x1f;
    else if (head === 0xd9) length = this.#uint(1);
    else if (head === 0xda) length = this.#uint(2);
    else if (head === 0xdb) length = this.#uint(4);
    else throw malformed('expected a string', at);
    const start = this.position;
    this.position += this.#fitting(length, 1, at);
    if (length <= 24) {
      const short = this.#ascii(start, length);
      if (short !== null) return short;
    }
    try {
      return this.#text.decode(this.bytes.subarray(start, this.position));
    } catch {
      throw malformed('a string is not UTF-8', start);
    }
  }

  /** u64: an unsigned integer as a BigInt. */
  u64(): bigint {
    this.#integer(scratchWords, 0, false);
    return scratch[0]!;
  }

  /** i64: a signed integer as a BigInt. */
  i64(): bigint {
    this.#integer(scratchWords, 0, true);
    return BigInt.asIntN(64, scratch[0]!);
  }

  /** uint: an unsigned integer up to 2^53, larger ones rounded. */
  uint(): number {
    this.#integer(scratchWords, 0, false);
    return scratchWords[1]! * 2 ** 32 + scratchWords[0]!;
  }

  /** u64Array: an array of u64 with a nil for those that are absent. */
  u64Array(): { values: BigUint64Array; present: Uint8Array | null } {
    const values = new BigUint64Array(this.array());
    return { values, present: this.#fill(values, false) };
  }

  /** i64Array: an array of i64 with a nil for those that are absent. */
  i64Array(): { values: BigInt64Array; present: Uint8Array | null } {
    const values = new BigInt64Array(this.array());
    return { values, present: this.#fill(values, true) };
  }

  #fill(values: BigUint64Array | BigInt64Array, signed: boolean): Uint8Array | null {
    const { bytes } = this;
    const words = new Uint32Array(values.buffer);
    let present: Uint8Array | null = null;
    for (let i = 0; i < values.length; i++) {
      const head = bytes[this.position]!;
      if (head < 0x80) {
        words[2 * i] = head;
        this.position++;
      } else if (head === 0xc0) {
        present ??= new Uint8Array(values.length).fill(1);
        present[i] = 0;
        this.position++;
      } else {
        this.#integer(words, 2 * i, signed);
      }
    }
    return present;
  }

  /** #integer: one integer into two words, low first. */
  #integer(words: Uint32Array, index: number, signed: boolean): void {
    const at = this.position;
    const head = this.#byte();
    let high = 0;
    let low = head;
    if (head >= 0xcc && head <= 0xcf) {
      if (head === 0xcf) high = this.#uint(4);
      low = this.#uint(head === 0xcf ? 4 : 1 << (head - 0xcc));
      if (signed && high >= 0x8000_0000) throw malformed('an integer is beyond 2^63 - 1', at);
    } else if (signed && head >= 0xe0) {
      low = head - 0x100;
      high = -1;
    } else if (signed && head >= 0xd0 && head <= 0xd3) {
      if (head === 0xd3) {
        high = this.#uint(4);
        low = this.#uint(4);
      } else {
        const unused = 32 - 8 * (1 << (head - 0xd0));
        low = (this.#uint(1 << (head - 0xd0)) << unused) >> unused;
        high = low >> 31;
      }
    } else if (head >= 0x80) {
      throw malformed(`expected ${signed ? 'an' : 'an unsigned'} integer`, at);
    }
    words[index] = low;
    words[index + 1] = high;
  }

  #ascii(start: number, length: number): string | null {
    let text = '';
    for (let i = start; i < start + length; i++) {
      const byte = this.bytes[i]!;
      if (byte >= 0x80) return null;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #length(head: number, wide: number, what: string, at: number): number {
    if (head === wide) return this.#uint(2);
    if (head === wide + 1) return this.#uint(4);
    throw malformed(`expected ${what}`, at);
  }

  #fitting(length: number, elementBytes: number, at: number): number {
    if (length * elementBytes > this.bytes.length - this.position) {
      throw malformed(`a length of ${length} is more than there are bytes`, at);
    }
    return length;
  }

  #peek(): number {
    if (this.position >= this.bytes.length) throw malformed('the bytes end', this.position);
    return this.bytes[this.position]!;
  }

  #byte(): number {
    const byte = this.#peek();
    this.position++;
    return byte;
  }

  #uint(size: number): number {
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + this.#byte();
    return value;
  }
}
