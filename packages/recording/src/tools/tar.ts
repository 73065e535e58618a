import { type FileHandle, open } from 'node:fs/promises';
import type { StagingFile } from '../staging-file.ts';
import { copyRange, type Progress } from './copy-range.ts';

/** Source of the format: POSIX.1-1988 ustar: headers of 512 bytes, contents padded to 512, two empty blocks at the end. */
const block = 512;

/** TarEntry: a file in an archive, and where its content is. */
export interface TarEntry {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** writeTarEntry: appends a file with this content, or that of `path`. */
export async function writeTarEntry(
  output: StagingFile,
  name: string,
  content: Uint8Array | { readonly path: string },
  progress?: Progress,
): Promise<void> {
  if (content instanceof Uint8Array) {
    await output.write([header(name, content.length), content, padding(content.length)]);
    return;
  }
  await using input = await open(content.path, 'r');
  const { size } = await input.stat();
  await output.write([header(name, size)]);
  await copyRange(input, 0, size, output, progress);
  await output.write([padding(size)]);
}

/** endTar: the end of an archive. */
export async function endTar(output: StagingFile): Promise<void> {
  await output.write([new Uint8Array(2 * block)]);
}

/** readTar: the files of an archive up to its end, or to where it was torn off. Throws RangeError where it is none. */
export async function readTar(input: FileHandle): Promise<TarEntry[]> {
  const { size: total } = await input.stat();
  const entries: TarEntry[] = [];
  const bytes = Buffer.alloc(block);
  for (let at = 0; at + block <= total; ) {
    await input.read(bytes, 0, block, at);
    if (bytes.every((byte) => byte === 0)) break;
    const text = (from: number, length: number) =>
      bytes.toString('utf8', from, from + length).replace(/\0.*$/s, '');
    if (text(257, 5) !== 'ustar' && checksum(bytes) !== Number.parseInt(text(148, 8), 8)) {
      if (entries.length > 0) break;
      throw new RangeError('not a tar archive');
    }
    const size = Number.parseInt(text(124, 12).trim(), 8) || 0;
    const prefix = text(345, 155);
    const name = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`;
    const offset = at + block;
    if (offset + size > total) break;
    if (bytes[156] === 0 || bytes[156] === 48)
      entries.push({ name: name.replace(/^\.\//, ''), offset, size });
    at = offset + Math.ceil(size / block) * block;
  }
  return entries;
}

function header(name: string, size: number): Buffer {
  const bytes = Buffer.alloc(block);
  const octal = (value: number, at: number, length: number) =>
    bytes.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at);
  bytes.write(name, 0, 100);
  octal(0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(Math.floor(Date.now() / 1000), 136, 12);
  bytes.write('0', 156);
  bytes.write('ustar\x0000', 257);
  bytes.write(`${checksum(bytes).toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
}

function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < block; i++) sum += i >= 148 && i < 156 ? 32 : bytes[i]!;
  return sum;
}

function padding(size: number): Uint8Array {
  return new Uint8Array((block - (size % block)) % block);
}
