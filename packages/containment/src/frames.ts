import { RezolusError } from '@rezolus/core';

/** Frame: one message between host and child: JSON, and bytes beside it. */
export interface Frame {
  readonly head: unknown;
  readonly body: Uint8Array;
}

const headerBytes = 8;
const none = new Uint8Array(0);

/** encodeFrame: `u32 length of head, u32 length of body` in little endian, the head as JSON, the body. */
export function encodeFrame(head: object, body: Uint8Array = none): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(json.length, 0);
  header.writeUInt32LE(body.length, 4);
  return Buffer.concat([header, json, body]);
}

/**
 * FrameReader: frames out of a stream of chunks. The lengths are judged before anything is kept: a frame of more than
 * `maxBytes`, or with a head that is not JSON, is REZ_ERR_PLUGIN_DATA.
 */
export class FrameReader {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** push: takes a chunk; returns the frames that are whole with it. */
  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const frames: Frame[] = [];
    while (this.#length >= headerBytes) {
      const header = this.#peek(headerBytes);
      const headLength = header.readUInt32LE(0);
      const total = headerBytes + headLength + header.readUInt32LE(4);
      if (total > this.#maxBytes) {
        const text = `sent a message of ${total} bytes; allowed are ${this.#maxBytes}`;
        throw new RezolusError('REZ_ERR_PLUGIN_DATA', text);
      }
      if (this.#length < total) break;
      const bytes = this.#peek(total);
      // A copy, so that a body that is kept does not keep the chunks.
      const body = new Uint8Array(bytes.subarray(headerBytes + headLength, total));
      frames.push({ head: parse(bytes.toString('utf8', headerBytes, headerBytes + headLength)), body });
      this.#drop(total);
    }
    return frames;
  }

  /** The first bytes as one buffer. Chunks are joined only when they hold what is asked for. */
  #peek(bytes: number): Buffer {
    if (this.#chunks[0]!.length < bytes) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]!;
  }

  #drop(bytes: number): void {
    this.#chunks[0] = this.#chunks[0]!.subarray(bytes);
    this.#length -= bytes;
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new RezolusError('REZ_ERR_PLUGIN_DATA', 'sent a message that is not JSON', { cause });
  }
}
