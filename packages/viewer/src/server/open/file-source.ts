import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { DecodeHelper, openRecording, recordingSource } from '@rezolus/recording';
import { parseJson } from '../json.ts';
import type { ViewerSource } from '../source.ts';

/** Above this a second thread decodes along. */
const largeBytes = 32 * 2 ** 20;

/**
 * fileSource: the recording at `path` (Parquet, ours or the original's). Only its footer is read at once. Throws
 * RezolusError REZ_ERR_RECORDING_FORMAT where it is not a recording.
 */
export async function fileSource(path: string, name = basename(path)): Promise<ViewerSource> {
  const recording = await openRecording(path);
  const isLarge = recording.size > largeBytes && availableParallelism() > 1;
  const helper = isLarge ? new DecodeHelper(path) : undefined;
  return {
    kind: 'file',
    name,
    source: recordingSource(recording, { helper }),
    metadata: Object.fromEntries(recording.metadata),
    systeminfo: parseJson(recording.metadata.get('systeminfo')),
    async close() {
      await helper?.close();
      await recording.close();
    },
  };
}
