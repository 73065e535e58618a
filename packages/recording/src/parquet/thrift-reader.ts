/** ThriftValue: what a field of the compact protocol decodes to. Integers beyond 2^53 lose precision. */
export type ThriftValue = boolean | number | Uint8Array | readonly ThriftValue[] | ThriftStruct;

/** ThriftStruct: a struct by field id. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;

const maxDepth = 16;

/**
 * readStruct: decodes the Thrift struct at the start of `bytes` (compact protocol) without a schema. Throws RangeError
 * where the bytes are not one; memory stays within a small multiple of the input.
 */
export function readStruct(bytes: Uint8Array): ThriftStruct {
  return new Decoder(bytes).struct(0);
}

/** readLeadingStruct: like readStruct, with the number of bytes that the struct takes. */
export function readLeadingStruct(bytes: Uint8Array): { struct: ThriftStruct; length: number } {
  const decoder = new Decoder(bytes);
  return { struct: decoder.struct(0), length: decoder.position };
}

class Decoder {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get position(): number {
    return this.#at;
  }

  struct(depth: number): ThriftStruct {
    if (depth > maxDepth) throw new RangeError('Thrift: nested too deeply');
    const fields = new Map<number, ThriftValue>();
    let id = 0;
    for (;;) {
      const head = this.#u8();
      if (head === 0) return fields;
      id = head >> 4 === 0 ? this.#zigzag() : id + (head >> 4);
      const wire = head & 15;
      fields.set(id, wire === 1 || wire === 2 ? wire === 1 : this.#value(wire, depth));
    }
  }

  #value(wire: number, depth: number): ThriftValue {
    switch (wire) {
      case 1:
      case 2:
        return this.#u8() === 1;
      case 3:
        return (this.#u8() << 24) >> 24;
      case 4:
      case 5:
      case 6:
        return this.#zigzag();
      case 7:
        return this.#take(8);
      case 8:
        return this.#take(this.#varint());
      case 9:
      case 10:
        return this.#list(depth);
      case 12:
        return this.struct(depth + 1);
      default:
        throw new RangeError(`Thrift: unexpected type ${wire}`);
    }
  }

  #list(depth: number): ThriftValue[] {
    if (depth > maxDepth) throw new RangeError('Thrift: nested too deeply');
    const head = this.#u8();
    const length = head >> 4 === 15 ? this.#varint() : head >> 4;
    // Every element takes at least a byte, so a longer list is a lie.
    if (length > this.#bytes.length - this.#at) throw new RangeError('Thrift: list beyond the end');
    const items: ThriftValue[] = [];
    for (let i = 0; i < length; i++) items.push(this.#value(head & 15, depth + 1));
    return items;
  }

  #u8(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError('Thrift: unexpected end');
    return byte;
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw new RangeError('Thrift: bytes beyond the end');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      const byte = this.#u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new RangeError('Thrift: integer too long');
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
