import type { FileHandle } from 'node:fs/promises';
import type { StagingFile } from '../staging-file.ts';

const blockSize = 2 ** 20;

/** Progress: called with how much of a piece of work is done, in any unit. */
export type Progress = (done: number, total: number) => void;

/** copyRange: appends the bytes `start .. end` of a file. Throws RangeError where it ends before. */
export async function copyRange(
  input: FileHandle,
  start: number,
  end: number,
  output: StagingFile,
  progress: Progress = () => {},
): Promise<void> {
  const block = Buffer.allocUnsafe(Math.max(0, Math.min(blockSize, end - start)));
  for (let at = start; at < end; ) {
    const { bytesRead } = await input.read(block, 0, Math.min(block.length, end - at), at);
    if (bytesRead === 0) throw new RangeError('the file ends early');
    await output.write([block.subarray(0, bytesRead)]);
    at += bytesRead;
    progress(at - start, end - start);
  }
}
