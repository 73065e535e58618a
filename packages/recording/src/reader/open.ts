import { stat } from 'node:fs/promises';
import { unfinished } from '../journal/claim.ts';
import { partialOf } from '../journal/layout.ts';
import { countRows } from '../journal/state.ts';
import { fileSource } from './file-source.ts';
import { blobSource } from './range-source.ts';
import { openRecordingSource, type Recording } from './recording.ts';
import { inflateZstd } from './zstd.ts';

/**
 * openRecording: opens the Parquet file at a path, or in a Blob. Reads the footer only. Throws
 * REZ_ERR_RECORDING_FORMAT where it is not a recording, and REZ_ERR_RECORDING_UNFINISHED where there is no such file but
 * what a recorder left behind for it.
 */
export async function openRecording(file: string | Blob): Promise<Recording> {
  if (typeof file !== 'string') return openRecordingSource(blobSource(file), inflateZstd);
  const found = await stat(file).catch(() => null);
  if (found === null || found.isDirectory()) {
    const folder = partialOf(file);
    const left = await stat(folder).catch(() => null);
    if (left?.isDirectory()) throw unfinished(folder, await countRows(folder));
  }
  return openRecordingSource(await fileSource(file), inflateZstd);
}
