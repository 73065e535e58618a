import { stat } from 'node:fs/promises';
import { isFinished, livingOwner } from '../journal/claim.ts';
import { partialOf } from '../journal/layout.ts';

/** runningFolder: the folder that a recorder is filling for the output `path` just now; null where none is. */
export async function runningFolder(path: string): Promise<string | null> {
  const folder = partialOf(path);
  if (!(await stat(folder).catch(() => null))?.isDirectory()) return null;
  return (await livingOwner(folder)) !== null && !(await isFinished(folder)) ? folder : null;
}
