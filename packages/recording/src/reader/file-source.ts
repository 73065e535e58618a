import { type FileHandle, open } from 'node:fs/promises';
import { RezolusError } from '@rezolus/core/errors';
import type { RangeSource } from './range-source.ts';

/** fileSource: a file by its path. Throws REZ_ERR_RECORDING_FORMAT where it cannot be opened. */
export async function fileSource(path: string): Promise<RangeSource> {
  try {
    return await handleSource(await open(path, 'r'));
  } catch (cause) {
    throw new RezolusError('REZ_ERR_RECORDING_FORMAT', `${path} could not be opened`, { cause });
  }
}

/** handleSource: an open file; closing the source closes it. */
export async function handleSource(handle: FileHandle): Promise<RangeSource> {
  const { size } = await handle.stat();
  return {
    size,
    read: async (offset, length) => {
      const bytes = new Uint8Array(length);
      const { bytesRead } = await handle.read(bytes, 0, length, offset);
      return bytes.subarray(0, bytesRead);
    },
    close: () => handle.close(),
  };
}
