import { parentPort, workerData } from 'node:worker_threads';
import { fileSource } from '../reader/file-source.ts';
import { openRecordingSource } from '../reader/recording.ts';
import { inflateZstd } from '../reader/zstd.ts';
import { decodeGroup, type GroupColumn } from './decode-group.ts';

/** DecodeJob: a row group to decode. */
export interface DecodeJob {
  readonly id: number;
  readonly group: number;
  readonly columns: readonly GroupColumn[];
}

const { path } = workerData as { readonly path: string };
const recording = openRecordingSource(await fileSource(path), inflateZstd);

parentPort!.on('message', async ({ id, group, columns }: DecodeJob) => {
  try {
    const parts = await decodeGroup(await recording, group, columns);
    const buffers = new Set<ArrayBuffer>();
    for (const part of parts ?? []) {
      const arrays =
        'values' in part ? [part.values] : [part.rows, part.starts, part.buckets, part.counts, part.resets];
      for (const { buffer } of arrays) buffers.add(buffer as ArrayBuffer);
    }
    parentPort!.postMessage({ id, parts }, [...buffers]);
  } catch {
    // Who asked tries by itself then, and finds the same error.
    parentPort!.postMessage({ id, parts: null });
  }
});
