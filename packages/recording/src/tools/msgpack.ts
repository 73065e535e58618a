/** MsgpackValue: what msgpack decodes to; integers beyond 2^53 are bigints. */
export type MsgpackValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly MsgpackValue[]
  | ReadonlyMap<string, MsgpackValue>;

const maxDepth = 16;
const text = new TextDecoder('utf-8', { fatal: false });

/** Incomplete: the bytes end before the value does. */
export class Incomplete extends RangeError {}

/** decodeMsgpack: the whole of `bytes` as one value. Throws RangeError where it is none. */
export function decodeMsgpack(bytes: Uint8Array): MsgpackValue {
  const decoder = new Decoder(bytes, 0);
  const value = decoder.value(0);
  if (decoder.at !== bytes.length) throw new RangeError('bytes after the value');
  return value;
}

/** msgpackEnd: where the value that begins at `start` ends. Throws Incomplete where it does not, RangeError where it is none. */
export function msgpackEnd(bytes: Uint8Array, start: number): number {
  const decoder = new Decoder(bytes, start);
  decoder.skip(0);
  return decoder.at;
}

class Decoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = at;
  }

  value(depth: number): MsgpackValue {
    const head = this.#take(1)[0]!;
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    const { count, kind } = this.#length(head);
    if (kind === 'array' || kind === 'map') {
      if (depth >= maxDepth) throw new RangeError('nested too deeply');
      return kind === 'array' ? this.#array(count, depth) : this.#map(count, depth);
    }
    if (kind === 'text') return text.decode(this.#take(count));
    if (kind === 'binary') return this.#take(count);
    return this.#scalar(head);
  }

  skip(depth: number): void {
    const head = this.#take(1)[0]!;
    if (head < 0x80 || head >= 0xe0) return;
    const { count, kind } = this.#length(head);
    if (kind === 'array' || kind === 'map') {
      if (depth >= maxDepth) throw new RangeError('nested too deeply');
      for (let i = 0; i < (kind === 'map' ? 2 * count : count); i++) this.skip(depth + 1);
    } else if (kind === 'text' || kind === 'binary') this.#take(count);
    else this.#scalar(head);
  }

  #length(head: number): { kind: 'array' | 'map' | 'text' | 'binary' | 'scalar'; count: number } {
    if (head < 0x90) return { kind: 'map', count: head & 15 };
    if (head < 0xa0) return { kind: 'array', count: head & 15 };
    if (head < 0xc0) return { kind: 'text', count: head & 31 };
    if (head >= 0xc4 && head <= 0xc6) return { kind: 'binary', count: this.#unsigned(1 << (head - 0xc4)) };
    if (head >= 0xd9 && head <= 0xdb) return { kind: 'text', count: this.#unsigned(1 << (head - 0xd9)) };
    if (head === 0xdc || head === 0xdd)
      return { kind: 'array', count: this.#unsigned(head === 0xdc ? 2 : 4) };
    if (head === 0xde || head === 0xdf) return { kind: 'map', count: this.#unsigned(head === 0xde ? 2 : 4) };
    return { kind: 'scalar', count: 0 };
  }

  #scalar(head: number): MsgpackValue {
    if (head === 0xc0) return null;
    if (head === 0xc2 || head === 0xc3) return head === 0xc3;
    if (head === 0xca) return this.#number(4, (at) => this.#view.getFloat32(at));
    if (head === 0xcb) return this.#number(8, (at) => this.#view.getFloat64(at));
    if (head >= 0xcc && head <= 0xce) return this.#unsigned(1 << (head - 0xcc));
    if (head === 0xcf) return narrow(this.#number(8, (at) => this.#view.getBigUint64(at)));
    if (head === 0xd0) return this.#number(1, (at) => this.#view.getInt8(at));
    if (head === 0xd1) return this.#number(2, (at) => this.#view.getInt16(at));
    if (head === 0xd2) return this.#number(4, (at) => this.#view.getInt32(at));
    if (head === 0xd3) return narrow(this.#number(8, (at) => this.#view.getBigInt64(at)));
    throw new RangeError(`no msgpack value begins with ${head}`);
  }

  #array(count: number, depth: number): MsgpackValue[] {
    // Every element takes at least a byte.
    if (count > this.#bytes.length - this.at) throw new Incomplete('the value ends early');
    const items: MsgpackValue[] = [];
    for (let i = 0; i < count; i++) items.push(this.value(depth + 1));
    return items;
  }

  #map(count: number, depth: number): Map<string, MsgpackValue> {
    if (count > this.#bytes.length - this.at) throw new Incomplete('the value ends early');
    const map = new Map<string, MsgpackValue>();
    for (let i = 0; i < count; i++) {
      const key = this.value(depth + 1);
      map.set(String(key), this.value(depth + 1));
    }
    return map;
  }

  #unsigned(size: number): number {
    return this.#number(size, (at) =>
      size === 1 ? this.#view.getUint8(at) : size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at),
    );
  }

  #number<T>(size: number, read: (at: number) => T): T {
    const at = this.at;
    this.#take(size);
    return read(at);
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.at) throw new Incomplete('the value ends early');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
