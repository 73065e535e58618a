import { crc32 } from 'node:zlib';
import { RezolusError } from '@rezolus/core/errors';

/** Frame: a piece of a journal: its type and content, and the offset of its header in the file. */
export interface Frame {
  readonly type: number;
  readonly payload: Uint8Array;
  readonly offset: number;
}

/** Damage: where a file of a journal stops making sense; nothing from there on was used. */
export interface Damage {
  readonly file: string;
  readonly offset: number;
  readonly reason: string;
  /** The last frame ends early, as it does when its writer was stopped in the middle. */
  readonly torn: boolean;
}

/** journalMagic: the first eight bytes of every file of a journal; the last one is the version of the format. */
export const journalMagic: Uint8Array<ArrayBuffer> = new TextEncoder().encode('REZJRNL1');

const headerLength = 8;
/** Rows take kilobytes, the tables of a row group some hundred. A length beyond this is damage. */
const maxLength = 2 ** 28;

/**
 * encodeFrame: a frame to stand at `offset`: u32 length of the body, u32 CRC-32 of the body (seeded with the low 32 bits
 * of the offset, so that a frame in another place does not pass), then the body: one byte for the type, and the payload.
 */
export function encodeFrame(type: number, payload: Uint8Array, offset: number): Uint8Array {
  const frame = Buffer.allocUnsafe(headerLength + 1 + payload.length);
  frame.writeUInt32LE(1 + payload.length, 0);
  frame[headerLength] = type;
  frame.set(payload, headerLength + 1);
  frame.writeUInt32LE(crc32(frame.subarray(headerLength), offset >>> 0), 4);
  return frame;
}

/**
 * readFrames: the frames of a file up to its end or its first damage, which is named with `file`. Throws
 * REZ_ERR_RECORDING_FORMAT where the file is of another version.
 */
export function readFrames(file: string, bytes: Uint8Array): { frames: Frame[]; damage: Damage | null } {
  const frames: Frame[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let offset = journalMagic.length;
  const damage = (reason: string, torn = false) => ({ frames, damage: { file, offset, reason, torn } });
  const name = journalMagic.length - 1;
  if (bytes.length > name && journalMagic.subarray(0, name).every((byte, i) => bytes[i] === byte)) {
    if (bytes[name]! > journalMagic[name]!) {
      throw new RezolusError('REZ_ERR_RECORDING_FORMAT', `${file} was written by a newer version`);
    }
  }
  if (!journalMagic.every((byte, i) => bytes[i] === byte)) {
    const torn = bytes.length < journalMagic.length;
    offset = 0;
    return damage(torn ? 'the file ends in its header' : 'not the header of a journal', torn);
  }
  while (offset < bytes.length) {
    const left = bytes.length - offset;
    if (left < headerLength) return damage('the last frame is incomplete', true);
    const length = view.getUint32(offset, true);
    // A file system may have made the file longer before a power loss, but not written what was in it.
    if (length === 0 && isZero(bytes.subarray(offset))) return damage('the file ends in zeroes', true);
    if (length === 0 || length > maxLength) return damage('impossible length of a frame');
    if (length > left - headerLength) return damage('the last frame is incomplete', true);
    const body = bytes.subarray(offset + headerLength, offset + headerLength + length);
    if (crc32(body, offset >>> 0) !== view.getUint32(offset + 4, true)) return damage('wrong checksum');
    frames.push({ type: body[0]!, payload: body.subarray(1), offset });
    offset += headerLength + length;
  }
  return { frames, damage: null };
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
