import { type FileHandle, open } from 'node:fs/promises';
import { encodeFrame, journalMagic } from './frames.ts';

/** writeAt: all of `parts` from `offset` on; returns where they end. Throws what the file system says. */
export async function writeAt(
  handle: FileHandle,
  parts: readonly Uint8Array[],
  offset: number,
): Promise<number> {
  let at = offset;
  for (let from = 0; from < parts.length; from += 512) {
    const some = parts.slice(from, from + 512);
    const size = some.reduce((sum, part) => sum + part.length, 0);
    const { bytesWritten } = await handle.writev(some, at);
    // A full disk or a quota may take a part; the rest then says why.
    let rest = Buffer.alloc(0);
    if (bytesWritten < size) rest = Buffer.concat(some).subarray(bytesWritten);
    for (let done = bytesWritten; rest.length > 0; ) {
      const { bytesWritten: more } = await handle.write(rest, 0, rest.length, at + done);
      rest = rest.subarray(more);
      done += more;
    }
    at += size;
  }
  return at;
}

/** NewFrame: what a frame is to hold. */
export type NewFrame = readonly [type: number, payload: Uint8Array];

/** FrameFile: a file of frames that grows. Frames of several calls at a time follow each other in order of the calls. */
export class FrameFile {
  readonly path: string;
  readonly #handle: FileHandle;
  #size: number;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, handle: FileHandle, size: number) {
    this.path = path;
    this.#handle = handle;
    this.#size = size;
  }

  /** create: a new file; it must not be there. */
  static async create(path: string): Promise<FrameFile> {
    const handle = await open(path, 'wx', 0o644);
    try {
      await writeAt(handle, [journalMagic], 0);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return new FrameFile(path, handle, journalMagic.length);
  }

  /** size: bytes that are in the file. */
  get size(): number {
    return this.#size;
  }

  /** append: either all of the frames are in the file afterwards or none. */
  append(frames: readonly NewFrame[]): Promise<void> {
    const turn = this.#last.then(() => this.#write(frames));
    this.#last = turn.catch(() => {});
    return turn;
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  /** close: after what is being appended. */
  async close(): Promise<void> {
    await this.#last;
    await this.#handle.close();
  }

  async #write(frames: readonly NewFrame[]): Promise<void> {
    let at = this.#size;
    const parts = frames.map(([type, payload]) => {
      const frame = encodeFrame(type, payload, at);
      at += frame.length;
      return frame;
    });
    try {
      this.#size = await writeAt(this.#handle, parts, this.#size);
    } catch (error) {
      await this.#handle.truncate(this.#size).catch(() => {});
      throw error;
    }
  }
}
