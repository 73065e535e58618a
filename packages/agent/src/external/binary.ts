import {
  counterOf,
  gaugeOf,
  histogramOf,
  type Message,
  maxMessageBytes,
  type PushedLabels,
  type PushedValue,
  Refused,
} from './message.ts';

/** magic: the first bytes of every binary frame. */
export const magic = Buffer.from('REZL');
/** headerBytes: "REZL", major u8, minor u8, count u16, payload size u32; little endian as all of it. */
export const headerBytes = 12;

const major = 1;
const types = { session: 0, counter: 1, gauge: 2, histogram: 3 } as const;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** payloadBytes: how long the payload is that a header announces. Throws {@link Refused}, after which nothing can be read. */
export function payloadBytes(header: Buffer): number {
  const size = header.readUInt32LE(8);
  if (!header.subarray(0, 4).equals(magic) || header[4] !== major)
    throw new Refused('malformed', { closes: true });
  if (size > maxMessageBytes) throw new Refused('too_long', { closes: true });
  return size;
}

/**
 * parseFrame: the messages of a whole frame, one by one, each as a function that throws {@link Refused} where its value is
 * wrong. Throws it itself where lengths do not fit, or their number is not what the header says; the next frame can be
 * read all the same.
 */
export function* parseFrame(frame: Buffer): Generator<() => Message> {
  const reader = new Reader(frame, headerBytes);
  for (let left = frame.readUInt16LE(6); left > 0; left--) yield readMessage(reader);
  if (!reader.isAtEnd) throw new Refused('malformed');
}

function readMessage(reader: Reader): () => Message {
  const type = reader.u8();
  if (type === types.session) {
    const labels = readLabels(reader);
    return () => ({ kind: 'session', labels: labels() });
  }
  const value = readValue(type, reader);
  const name = reader.bytes(reader.u16());
  const labels = readLabels(reader);
  return () => ({ name: textOf(name, 'invalid_name'), labels: labels(), ...value() });
}

function readValue(type: number, reader: Reader): () => PushedValue {
  switch (type) {
    case types.counter: {
      const value = reader.bytes(8).readBigUInt64LE();
      return () => counterOf(value);
    }
    case types.gauge: {
      const value = reader.bytes(8).readBigInt64LE();
      return () => gaugeOf(value);
    }
    case types.histogram: {
      const [g, m] = [reader.u8(), reader.u8()];
      const counts = reader.bytes(reader.u16() * 8);
      return () =>
        histogramOf(
          g,
          m,
          BigUint64Array.from({ length: counts.length / 8 }, (_, i) => counts.readBigUInt64LE(i * 8)),
        );
    }
    default:
      throw new Refused('malformed');
  }
}

function readLabels(reader: Reader): () => PushedLabels {
  const pairs: [key: Buffer, value: Buffer][] = [];
  for (let left = reader.u16(); left > 0; left--) {
    const key = reader.bytes(reader.u8());
    pairs.push([key, reader.bytes(reader.u8())]);
  }
  const text = (bytes: Buffer) => textOf(bytes, 'invalid_labels');
  return () => new Map(pairs.map(([key, value]) => [text(key), text(value)]));
}

function textOf(bytes: Buffer, reason: 'invalid_name' | 'invalid_labels'): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Refused(reason);
  }
}

class Reader {
  readonly #buffer: Buffer;
  #at: number;

  constructor(buffer: Buffer, at: number) {
    this.#buffer = buffer;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#buffer.length;
  }

  bytes(length: number): Buffer {
    const from = this.#at;
    if (from + length > this.#buffer.length) throw new Refused('malformed');
    this.#at += length;
    return this.#buffer.subarray(from, this.#at);
  }

  u8(): number {
    return this.bytes(1)[0]!;
  }

  u16(): number {
    return this.bytes(2).readUInt16LE();
  }
}
