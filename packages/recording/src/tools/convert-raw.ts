import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import type { Snapshot } from '@rezolus/core';
import { RezolusError } from '@rezolus/core/errors';
import { SnapshotDecoder } from '@rezolus/exposition';
import type { Progress } from './copy-range.ts';
import { Incomplete, msgpackEnd } from './msgpack.ts';

/** A snapshot beyond this is damage. */
const maxSnapshot = 256 * 2 ** 20;

/**
 * readSnapshots: the snapshots of a raw recording, plain or ZSTD. One that is cut off at the end, as when the recorder was
 * killed, ends them. Throws REZ_ERR_RECORDING_FORMAT with the offset where something else stands.
 */
export async function* readSnapshots(
  path: string,
  compressed: boolean,
  progress: Progress = () => {},
): AsyncGenerator<Snapshot> {
  const { size } = await stat(path);
  const file = createReadStream(path, { highWaterMark: 2 ** 20 });
  const stream = compressed ? pipeline(file, createZstdDecompress(), () => {}) : file;
  const decoder = new SnapshotDecoder();
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  for await (const block of stream as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? block : Buffer.concat([rest, block]);
    let at = 0;
    for (;;) {
      const end = endOf(rest, at, offset);
      if (end === null) break;
      yield decode(decoder, rest.subarray(at, end), offset + at);
      at = end;
    }
    rest = rest.subarray(at);
    offset += at;
    if (rest.length > maxSnapshot) throw malformed(offset, 'there is no end to it');
    progress(file.bytesRead, size);
  }
}

function endOf(bytes: Uint8Array, at: number, offset: number): number | null {
  if (at === bytes.length) return null;
  try {
    return msgpackEnd(bytes, at);
  } catch (error) {
    if (error instanceof Incomplete) return null;
    throw malformed(offset + at, String(error));
  }
}

function decode(decoder: SnapshotDecoder, bytes: Uint8Array, offset: number): Snapshot {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw malformed(offset, 'no snapshot', cause);
  }
}

function malformed(offset: number, reason: string, cause?: unknown): RezolusError {
  return new RezolusError('REZ_ERR_RECORDING_FORMAT', `byte ${offset} of the raw recording: ${reason}`, {
    cause,
  });
}
