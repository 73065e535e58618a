import { basename } from 'node:path';
import { openRecording, recordingSource } from '@rezolus/recording';
import { parseJson } from './json.ts';
import type { ViewerSource } from './source.ts';

/**
 * fileSource: the recording at `path` (Parquet, ours or the original's). Only its footer is read at once. Throws
 * RezolusError REZ_ERR_RECORDING_FORMAT where it is not a recording.
 */
export async function fileSource(path: string): Promise<ViewerSource> {
  const recording = await openRecording(path);
  return {
    kind: 'file',
    name: basename(path),
    source: recordingSource(recording),
    metadata: Object.fromEntries(recording.metadata),
    systeminfo: parseJson(recording.metadata.get('systeminfo')),
    close: () => recording.close(),
  };
}
