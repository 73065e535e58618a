import { fileSource } from './file-source.ts';
import { blobSource } from './range-source.ts';
import { openRecordingSource, type Recording } from './recording.ts';
import { inflateZstd } from './zstd.ts';

/**
 * openRecording: opens the Parquet file at a path, or in a Blob. Reads the footer only. Throws
 * REZ_ERR_RECORDING_FORMAT where it is not a recording.
 */
export async function openRecording(file: string | Blob): Promise<Recording> {
  const source = typeof file === 'string' ? await fileSource(file) : blobSource(file);
  return openRecordingSource(source, inflateZstd);
}
