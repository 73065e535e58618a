import { headerBytes, magic, parseFrame, payloadBytes } from './binary.ts';
import { parseLine } from './line.ts';
import { type Message, maxMessageBytes, Refused } from './message.ts';

/** Protocol: which of the two a connection speaks; `auto` = its first bytes say so. */
export type Protocol = 'auto' | 'line' | 'binary';

/** Sink: takes what a stream holds; both get at {@link Refused} on their own. */
export interface Sink {
  /** take: `read` makes the message, null for none, or throws {@link Refused}. */
  take(read: () => Message | null): void;
  /** drop: something was no message; throws where the stream shall end. */
  drop(refused: Refused): void;
}

/**
 * PushStream: the bytes of one connection, cut into messages as they come. Holds at most one unfinished line or frame.
 * Throws {@link Refused} where nothing that follows can be understood.
 */
export class PushStream {
  readonly #sink: Sink;
  #protocol: Protocol;
  #rest = Buffer.alloc(0);
  #length = 0;

  constructor(protocol: Protocol, sink: Sink) {
    this.#protocol = protocol;
    this.#sink = sink;
  }

  /** heldBytes: memory of the unfinished message. */
  get heldBytes(): number {
    return this.#rest.length;
  }

  /** feed: takes the next bytes. */
  feed(chunk: Buffer): void {
    if (this.#protocol === 'auto') this.#detect(chunk);
    if (this.#protocol === 'line') this.#feedLines(chunk);
    else this.#feedFrames(chunk);
  }

  /** end: the connection has ended; a last line may lack its newline. */
  end(): void {
    if (this.#length === 0) return;
    if (this.#protocol === 'binary') this.#sink.drop(new Refused('malformed'));
    else this.#line(this.#rest.subarray(0, this.#length));
    this.#clear();
  }

  #detect(chunk: Buffer): void {
    const first = Buffer.concat([this.#rest.subarray(0, this.#length), chunk.subarray(0, magic.length)]);
    const length = Math.min(first.length, magic.length);
    if (!first.subarray(0, length).equals(magic.subarray(0, length))) this.#protocol = 'line';
    else if (length === magic.length) this.#protocol = 'binary';
  }

  #feedLines(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const piece = chunk.subarray(from, end);
      from = end + 1;
      if (this.#length === 0) this.#line(piece);
      else {
        this.#append(piece);
        this.#line(this.#rest.subarray(0, this.#length));
        this.#clear();
      }
    }
    this.#append(chunk.subarray(from));
    if (this.#length > maxMessageBytes) throw new Refused('too_long', { closes: true });
  }

  #line(bytes: Uint8Array): void {
    this.#sink.take(() => {
      if (bytes.length > maxMessageBytes) throw new Refused('too_long');
      return parseLine(bytes);
    });
  }

  /** Of `auto` as well: four bytes that are not there yet are less than a header. */
  #feedFrames(chunk: Buffer): void {
    this.#append(chunk);
    let from = 0;
    while (this.#length - from >= headerBytes) {
      const size = headerBytes + payloadBytes(this.#rest.subarray(from, from + headerBytes));
      if (this.#length - from < size) break;
      this.#frame(this.#rest.subarray(from, from + size));
      from += size;
    }
    this.#rest.copyWithin(0, from, this.#length);
    this.#length -= from;
    if (this.#length === 0) this.#clear();
  }

  #frame(frame: Buffer): void {
    try {
      for (const read of parseFrame(frame)) this.#sink.take(read);
    } catch (error) {
      if (!(error instanceof Refused) || error.closes) throw error;
      this.#sink.drop(error);
    }
  }

  /** Room grows in doubles, so that a client that sends byte by byte costs no more than another one. */
  #append(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const length = this.#length + bytes.length;
    if (length > this.#rest.length) {
      const grown = Buffer.alloc(Math.max(length, Math.min(2 * this.#rest.length, 2 * maxMessageBytes)));
      this.#rest.copy(grown, 0, 0, this.#length);
      this.#rest = grown;
    }
    bytes.copy(this.#rest, this.#length);
    this.#length = length;
  }

  #clear(): void {
    this.#rest = Buffer.alloc(0);
    this.#length = 0;
  }
}
