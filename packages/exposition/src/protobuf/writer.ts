const utf8 = new TextEncoder();

/** Wire types of protobuf. */
const varintType = 0;
const fixed64Type = 1;
const bytesType = 2;

/** varintLength: how many bytes a varint takes. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

/** ProtobufWriter: the parts of the protobuf wire format that Prometheus and OpenTelemetry messages need; grows as it goes. */
export class ProtobufWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** written: what was written since the last reset; overwritten by what follows. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** take: a copy of what was written; the writer is empty afterwards. */
  take(): Uint8Array {
    const copy = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return copy;
  }

  reset(): void {
    this.#length = 0;
  }

  /** varint: an unsigned integer below 2^53. */
  varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** signed: a zigzag varint, magnitude below 2^52. */
  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** uint64Field: left out where it is 0, as proto3 does. */
  uint64Field(field: number, value: number): void {
    if (value === 0) return;
    this.varint(field * 8 + varintType);
    this.varint(value);
  }

  /** sint32Field: a zigzag field; left out where it is 0. */
  sint32Field(field: number, value: number): void {
    if (value === 0) return;
    this.varint(field * 8 + varintType);
    this.signed(value);
  }

  /** doubleField: always written. */
  doubleField(field: number, value: number): void {
    this.varint(field * 8 + fixed64Type);
    this.double(value);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** fixed64Field: a u64 of eight bytes; always written. */
  fixed64Field(field: number, value: bigint): void {
    this.varint(field * 8 + fixed64Type);
    this.fixed64(value);
  }

  fixed64(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigUint64(this.#length, BigInt.asUintN(64, value), true);
    this.#length += 8;
  }

  /** bytesField: a nested message or packed values. */
  bytesField(field: number, bytes: Uint8Array): void {
    this.lengthField(field, bytes.length);
    this.raw(bytes);
  }

  /** lengthField: the head of a field whose `length` bytes are written next. */
  lengthField(field: number, length: number): void {
    this.varint(field * 8 + bytesType);
    this.varint(length);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** stringField: UTF-8, left out where it is empty. */
  stringField(field: number, text: string): void {
    if (text === '') return;
    this.bytesField(field, utf8.encode(text));
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.written);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
