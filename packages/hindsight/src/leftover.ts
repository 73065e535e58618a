import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, RezolusError, sentence } from '@rezolus/core';
import { openRecording, recoverRecording } from '@rezolus/recording';
import { partNames } from '@rezolus/recording/segments';
import { journalOf, listBuffer } from './layout.ts';

/** Segment: a part of the buffer that is a Parquet file. */
export interface Segment {
  readonly sequence: number;
  readonly path: string;
  readonly rows: number;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

/**
 * takeLeftover: what an earlier process left in a buffer that is this process's own now: journals become files, what
 * holds no rows goes. Throws REZ_ERR_RECORDING_WRITE.
 */
export async function takeLeftover(folder: string, log: Logger): Promise<Segment[]> {
  const { segments, others } = await listBuffer(folder);
  // Drafts and dumps that were not finished.
  for (const name of others) await rm(join(folder, name), { recursive: true, force: true });
  const found: Segment[] = [];
  for (const { sequence, path, live } of segments) {
    try {
      if (live) await recover(path, log);
      await using recording = await openRecording(path);
      const { rows, rowGroups } = recording;
      if (rows === 0) throw new RezolusError('REZ_ERR_RECORDING_EMPTY', 'no rows');
      const [firstNs, lastNs] = [rowGroups[0]!.firstNs, rowGroups.at(-1)!.lastNs];
      found.push({ sequence, path, rows, firstNs, lastNs });
    } catch (error) {
      if (!(error instanceof RezolusError) || error.code === 'REZ_ERR_RECORDING_WRITE') throw error;
      if (error.code !== 'REZ_ERR_RECORDING_EMPTY') {
        log.warn({ segment: path }, `a segment of the buffer is lost: ${sentence(error)}`);
      }
      await rm(path, { force: true });
      await rm(journalOf(path), { recursive: true, force: true });
    }
  }
  return found;
}

async function recover(path: string, log: Logger): Promise<void> {
  // The claim of the buffer is what counts.
  await rm(join(journalOf(path), partNames.lock), { force: true });
  const { rows, damage } = await recoverRecording(path);
  for (const { file, offset, reason, torn } of damage) {
    if (!torn) log.warn({ file, offset }, `a part of the buffer is lost: ${reason}`);
  }
  log.info({ rows }, 'found what the last process had not sealed');
}
