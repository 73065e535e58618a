import type { ByteWriter } from './bytes.ts';

/** Type: the wire types of the Thrift compact protocol that Parquet uses. */
const type = { true: 1, false: 2, byte: 3, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const;

const text = new TextEncoder();

/**
 * StructWriter: writes one Thrift struct in the compact protocol. Fields must come in ascending order of their ids;
 * `undefined` leaves a field out. Source: "Thrift Compact protocol encoding", thrift.apache.org.
 */
export class StructWriter {
  readonly #out: ByteWriter;
  #last = 0;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  boolean(id: number, value: boolean): this {
    return this.#field(id, value ? type.true : type.false);
  }

  byte(id: number, value: number): this {
    this.#field(id, type.byte);
    this.#out.u8(value);
    return this;
  }

  i32(id: number, value: number | undefined): this {
    if (value === undefined) return this;
    this.#field(id, type.i32);
    this.#out.zigzag(value);
    return this;
  }

  i64(id: number, value: number | undefined): this {
    if (value === undefined) return this;
    this.#field(id, type.i64);
    this.#out.zigzag(value);
    return this;
  }

  binary(id: number, value: string | Uint8Array | undefined): this {
    if (value === undefined) return this;
    this.#field(id, type.binary);
    this.#bytes(value);
    return this;
  }

  struct(id: number, write: ((struct: StructWriter) => void) | undefined): this {
    if (write === undefined) return this;
    this.#field(id, type.struct);
    writeStruct(this.#out, write);
    return this;
  }

  structs<T>(id: number, items: readonly T[], write: (struct: StructWriter, item: T) => void): this {
    this.#list(id, type.struct, items.length);
    for (const item of items) writeStruct(this.#out, (struct) => write(struct, item));
    return this;
  }

  i32s(id: number, items: readonly number[]): this {
    this.#list(id, type.i32, items.length);
    for (const item of items) this.#out.zigzag(item);
    return this;
  }

  strings(id: number, items: readonly string[]): this {
    this.#list(id, type.binary, items.length);
    for (const item of items) this.#bytes(item);
    return this;
  }

  #bytes(value: string | Uint8Array): void {
    const bytes = typeof value === 'string' ? text.encode(value) : value;
    this.#out.varint(bytes.length);
    this.#out.bytes(bytes);
  }

  #list(id: number, element: number, length: number): void {
    this.#field(id, type.list);
    this.#out.u8((Math.min(length, 15) << 4) | element);
    if (length >= 15) this.#out.varint(length);
  }

  #field(id: number, wire: number): this {
    const step = id - this.#last;
    if (step > 0 && step < 16) {
      this.#out.u8((step << 4) | wire);
    } else {
      this.#out.u8(wire);
      this.#out.zigzag(id);
    }
    this.#last = id;
    return this;
  }
}

/** writeStruct: appends one struct with its stop byte. */
export function writeStruct(out: ByteWriter, write: (struct: StructWriter) => void): void {
  write(new StructWriter(out));
  out.u8(0);
}
