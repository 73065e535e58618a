import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Closing, closingParts } from '../parquet/closing.ts';
import { magic } from '../parquet/format.ts';
import type { JournalGroup } from './catalogue.ts';
import { writeAt } from './files.ts';
import { partNames } from './layout.ts';

/**
 * finishInPlace: puts the end of a Parquet file after the last row group of the data file, gives it the name `output` and
 * removes the folder. Until the renaming it can be done again. Resolves to the size of the file.
 */
export async function finishInPlace(
  folder: string,
  data: FileHandle,
  output: string,
  closing: Omit<Closing, 'offset' | 'groups'> & { readonly groups: readonly JournalGroup[] },
): Promise<number> {
  const last = closing.groups.at(-1);
  const offset = last === undefined ? magic.length : last.offset + last.size;
  const size = await writeAt(data, closingParts({ ...closing, offset }), offset);
  await data.truncate(size);
  await data.sync();
  await rename(join(folder, partNames.data), output);
  await syncFolder(dirname(output));
  await rm(folder, { recursive: true, force: true });
  return size;
}

/** syncFolder: makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
