import { existsSync, readFileSync } from 'node:fs';

const folder = new URL('../../../../shared/recordings/', import.meta.url);

/** recordingsMissing: true where the answers of the original agent are not beside the repository. */
export const recordingsMissing = !existsSync(folder);
if (recordingsMissing)
  console.warn('skipped: ../shared/recordings with answers of the original agent is absent');

/** recording: the bytes of one recorded answer. */
export function recording(name: string): Buffer {
  return readFileSync(new URL(name, folder));
}
