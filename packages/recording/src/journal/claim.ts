import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { RezolusError } from '@rezolus/core/errors';
import { outputOf, partNames } from './layout.ts';
import { isAlive, isSelf, type Owner, ownerOf, thisProcess } from './owner.ts';
import { countRows } from './state.ts';

/**
 * claimFolder: makes `folder` for one recorder: it gets its name only when it is filled, so whoever finds it finds it
 * whole. What another recorder left behind is removed where it holds no rows. Throws REZ_ERR_RECORDING_BUSY where that
 * recorder still runs, REZ_ERR_RECORDING_UNFINISHED where it left rows, and what the file system says.
 */
export async function claimFolder(folder: string, fill: (folder: string) => Promise<void>): Promise<void> {
  await clearLeftover(folder);
  const draft = `${folder}.${process.pid}-${randomBytes(4).toString('hex')}`;
  await mkdir(draft);
  try {
    await writeFile(join(draft, partNames.lock), JSON.stringify(thisProcess()));
    await fill(draft);
    // Fails where another recorder made its folder meanwhile.
    await rename(draft, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOTEMPTY' || error.code === 'EEXIST') throw busy(folder, null);
      throw error;
    });
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

/**
 * takeOver: makes this process the owner of what a dead one left behind. Throws REZ_ERR_RECORDING_BUSY where the owner
 * lives.
 */
export async function takeOver(folder: string): Promise<void> {
  const lock = join(folder, partNames.lock);
  const owner = await livingOwner(folder);
  if (owner !== null && !isSelf(owner)) throw busy(folder, owner);
  const draft = `${lock}.${process.pid}`;
  await writeFile(draft, JSON.stringify(thisProcess()));
  await rename(draft, lock);
  const now = await ownerOf(lock);
  if (now === null || !isSelf(now)) throw busy(folder, now);
}

/** livingOwner: the process that is writing into the folder just now, or null. */
export async function livingOwner(folder: string): Promise<Owner | null> {
  const lock = join(folder, partNames.lock);
  const owner = await ownerOf(lock);
  return owner !== null && (await isAlive(owner, lock)) ? owner : null;
}

/** isFinished: whether the recording was renamed to its output and only the rest of the folder stayed. */
export async function isFinished(folder: string): Promise<boolean> {
  return (await exists(join(folder, partNames.catalogue))) && !(await exists(join(folder, partNames.data)));
}

/** unfinished: the error for a recording that was not finished. */
export function unfinished(folder: string, rows: number): RezolusError {
  const output = outputOf(folder);
  return new RezolusError(
    'REZ_ERR_RECORDING_UNFINISHED',
    `the recording of ${basename(output)} was not finished; ${rows} rows are in ${folder}: recover them with ` +
      `\`rezolus recording recover ${output}\`, or remove that folder`,
  );
}

function busy(folder: string, owner: Owner | null): RezolusError {
  const who = owner === null ? 'another process' : `process ${owner.pid}`;
  return new RezolusError('REZ_ERR_RECORDING_BUSY', `${outputOf(folder)} is being written by ${who}`);
}

async function clearLeftover(folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  const owner = await ownerOf(join(folder, partNames.lock));
  const writer = await livingOwner(folder);
  if (writer !== null) throw busy(folder, writer);
  if (!(await isFinished(folder))) {
    const rows = await countRows(folder);
    if (rows > 0) throw unfinished(folder, rows);
  }
  // Moved first, so that of two recorders only one removes it.
  const aside = `${folder}.${process.pid}-${randomBytes(4).toString('hex')}-old`;
  await rename(folder, aside);
  const moved = await ownerOf(join(aside, partNames.lock));
  if (moved?.pid !== owner?.pid || moved?.started !== owner?.started) {
    await rename(aside, folder);
    throw busy(folder, moved);
  }
  await rm(aside, { recursive: true, force: true });
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
