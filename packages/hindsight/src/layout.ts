import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { partialOf, partialSuffix } from '@rezolus/recording/segments';

/** bufferOf: the folder that holds the buffer for an output. */
export function bufferOf(output: string): string {
  return `${output}.buffer`;
}

/** segmentPath: the file of a segment; while it is written it is the folder `journalOf` that. */
export function segmentPath(folder: string, sequence: number): string {
  return join(folder, `segment-${String(sequence).padStart(8, '0')}.parquet`);
}

/** journalOf: the folder of a segment that is not a file yet. */
export function journalOf(path: string): string {
  return partialOf(path);
}

/** lockName: the file in a buffer that says whose it is. */
export const lockName = 'lock';

/** FoundSegment: a segment that is in a folder; `live` where it is a journal and not yet a file. */
export interface FoundSegment {
  readonly sequence: number;
  readonly path: string;
  readonly live: boolean;
}

/** Contents: what is in a buffer: its segments, oldest first, and the names of everything else. */
export interface Contents {
  readonly segments: readonly FoundSegment[];
  readonly others: readonly string[];
}

/** listBuffer: a segment of which there is a file and a journal is a file. */
export async function listBuffer(folder: string): Promise<Contents> {
  // Twice the same: a segment that becomes a file during one reading could be in it in neither form.
  let contents = await readBuffer(folder);
  for (;;) {
    const again = await readBuffer(folder);
    if (JSON.stringify(again.segments) === JSON.stringify(contents.segments)) return again;
    contents = again;
  }
}

async function readBuffer(folder: string): Promise<Contents> {
  const segments = new Map<number, FoundSegment>();
  const others: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const match = /^segment-(\d{8,15})\.parquet(\.partial)?$/.exec(name);
    if (match === null) {
      if (name !== lockName) others.push(name);
      continue;
    }
    const sequence = Number(match[1]);
    const live = match[2] === partialSuffix;
    // In order of the names the file comes first.
    if (live && segments.has(sequence)) others.push(name);
    else segments.set(sequence, { sequence, path: segmentPath(folder, sequence), live });
  }
  return { segments: [...segments.values()].sort((a, b) => a.sequence - b.sequence), others };
}
