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

/** StructList: the structs of a list, found but not decoded: struct `i` takes the bytes `starts[i] .. starts[i + 1]`. */
export interface StructList {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
}

/**
 * readStructWithList: as readStruct, but the list of structs that field `id` holds is only walked over: a footer has
 * tens of thousands of them, of which a reader needs few. Throws RangeError also where that field is no such list.
 */
export function readStructWithList(
  bytes: Uint8Array,
  id: number,
): { struct: ThriftStruct; list: StructList } {
  const decoder = new Decoder(bytes);
  const struct = decoder.struct(0, id);
  return { struct, list: { bytes, starts: Uint32Array.from(decoder.starts) } };
}

/** FieldExtent: a field of a struct: its value takes the bytes `start .. end`. */
export interface FieldExtent {
  readonly id: number;
  readonly wire: number;
  readonly start: number;
  readonly end: number;
}

/** fieldExtents: the fields of the struct at the start of `bytes`, not decoded. Throws as `readStruct` does. */
export function fieldExtents(bytes: Uint8Array): FieldExtent[] {
  return new Decoder(bytes).extents();
}

class Decoder {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** Where the structs of the list that is walked over begin, and where the last ends. */
  readonly starts: number[] = [0];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get position(): number {
    return this.#at;
  }

  /** struct: with `walked`, the list in that field is not decoded. */
  struct(depth: number, walked?: number): ThriftStruct {
    if (depth > maxDepth) throw new RangeError('Thrift: nested too deeply');
    const fields = new Map<number, ThriftValue>();
    let id = 0;
    for (;;) {
      const head = this.#u8();
      if (head === 0) return fields;
      id = head >> 4 === 0 ? this.#zigzag() : id + (head >> 4);
      const wire = head & 15;
      if (id === walked && wire === 9) {
        this.#walk();
        continue;
      }
      fields.set(id, wire === 1 || wire === 2 ? wire === 1 : this.#value(wire, depth));
    }
  }

  extents(): FieldExtent[] {
    const fields: FieldExtent[] = [];
    let id = 0;
    for (;;) {
      const head = this.#u8();
      if (head === 0) return fields;
      id = head >> 4 === 0 ? this.#zigzag() : id + (head >> 4);
      const wire = head & 15;
      const start = this.#at;
      if (wire > 2) this.#skip(wire, 0);
      fields.push({ id, wire, start, end: this.#at });
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
    const { type, length } = this.#listHead();
    const items: ThriftValue[] = [];
    for (let i = 0; i < length; i++) items.push(this.#value(type, depth + 1));
    return items;
  }

  #listHead(): { type: number; length: number } {
    const head = this.#u8();
    const length = head >> 4 === 15 ? this.#varint() : head >> 4;
    // Every element takes at least a byte, so a longer list is a lie.
    if (length > this.#bytes.length - this.#at) throw new RangeError('Thrift: list beyond the end');
    return { type: head & 15, length };
  }

  #walk(): void {
    const { type, length } = this.#listHead();
    if (type !== 12) throw new RangeError('Thrift: not a list of structs');
    this.starts.length = 0;
    for (let i = 0; i < length; i++) {
      this.starts.push(this.#at);
      this.#skip(12, 1);
    }
    this.starts.push(this.#at);
  }

  #skip(wire: number, depth: number): void {
    if (depth > maxDepth) throw new RangeError('Thrift: nested too deeply');
    if (wire === 12) {
      for (;;) {
        const head = this.#u8();
        if (head === 0) return;
        if (head >> 4 === 0) this.#skipVarint();
        if ((head & 15) > 2) this.#skip(head & 15, depth + 1);
      }
    }
    if (wire >= 4 && wire <= 6) this.#skipVarint();
    else if (wire === 8) this.#jump(this.#varint());
    else if (wire === 7) this.#jump(8);
    else if (wire <= 3 && wire > 0) this.#jump(1);
    else if (wire === 9 || wire === 10) {
      const { type, length } = this.#listHead();
      for (let i = 0; i < length; i++) this.#skip(type, depth + 1);
    } else throw new RangeError(`Thrift: unexpected type ${wire}`);
  }

  #skipVarint(): void {
    for (let i = 0; i < 10; i++) if (this.#u8() < 0x80) return;
    throw new RangeError('Thrift: integer too long');
  }

  #jump(length: number): void {
    if (length > this.#bytes.length - this.#at) throw new RangeError('Thrift: bytes beyond the end');
    this.#at += length;
  }

  #u8(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError('Thrift: unexpected end');
    return byte;
  }

  #take(length: number): Uint8Array {
    this.#jump(length);
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
