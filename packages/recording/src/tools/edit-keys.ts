import { open, realpath } from 'node:fs/promises';
import { replaceKeyValues } from '../parquet/footer-keys.ts';
import { readFooter } from '../parquet/footer-reader.ts';
import { magic } from '../parquet/format.ts';
import { damaged } from '../reader/recording.ts';
import { StagingFile } from '../staging-file.ts';
import { copyRange, type Progress } from './copy-range.ts';

/** EditOptions: `output`: another file; else the file is replaced at once when the new one is whole. */
export interface EditOptions {
  readonly output?: string;
  readonly progress?: Progress;
}

const trailerLength = 8;

/**
 * editKeys: a Parquet file with other file keys. Nothing else changes: pages are copied, and what the footer has besides
 * stays byte for byte. Throws REZ_ERR_RECORDING_FORMAT where it is no Parquet file, REZ_ERR_RECORDING_WRITE, and what
 * `edit` throws.
 */
export async function editKeys(
  path: string,
  edit: (keys: Map<string, string>) => void,
  options: EditOptions = {},
): Promise<void> {
  await using input = await open(path, 'r').catch((cause) => {
    throw damaged(cause);
  });
  let footer: Uint8Array;
  let pagesEnd: number;
  let keys: Map<string, string>;
  try {
    const { size } = await input.stat();
    const trailer = Buffer.alloc(trailerLength);
    if (size < magic.length + trailerLength) throw new RangeError('too short');
    await input.read(trailer, 0, trailerLength, size - trailerLength);
    if (!trailer.subarray(4).equals(magic)) throw new RangeError('not a Parquet file');
    const length = trailer.readUInt32LE(0);
    pagesEnd = size - trailerLength - length;
    if (pagesEnd < magic.length) throw new RangeError('the footer is longer than the file');
    footer = Buffer.alloc(length);
    await input.read(footer, 0, length, pagesEnd);
    keys = new Map(readFooter(footer, pagesEnd).keyValues);
  } catch (cause) {
    throw damaged(cause);
  }
  edit(keys);
  const edited = replaceKeyValues(footer, keys);
  await using file = await StagingFile.create(options.output ?? (await realpath(path)));
  await copyRange(input, 0, pagesEnd, file, options.progress);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(edited.length);
  await file.write([edited, length, magic]);
  await file.commit();
}
