import { randomBytes } from 'node:crypto';
import { link, lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RezolusError } from '@rezolus/core';
import { isAlive, keepAlive, type Owner, parseOwner, thisProcess } from '@rezolus/recording/segments';
import { lockName } from './layout.ts';

/**
 * BufferClaim: the right of this process to a folder, which is made where it is not there. A claim of a dead process
 * is taken over; one from another container, whose processes cannot be seen, after it was silent for six seconds.
 */
export class BufferClaim implements AsyncDisposable {
  readonly #lock: string;
  readonly #beat: Disposable;

  private constructor(lock: string) {
    this.#lock = lock;
    this.#beat = keepAlive(lock);
  }

  /**
   * take: throws REZ_ERR_RECORDING_BUSY where another process has the folder, and REZ_ERR_RECORDING_WRITE where it
   * cannot be used.
   */
  static async take(folder: string): Promise<BufferClaim> {
    try {
      await makePrivate(folder);
      const lock = join(folder, lockName);
      const draft = `${lock}.${suffix()}`;
      await writeFile(draft, JSON.stringify(thisProcess()), { flag: 'wx' });
      try {
        // A link, unlike a renaming, fails where there is a lock.
        while (!(await succeeds(link(draft, lock), 'EEXIST'))) await removeDead(folder, lock);
      } finally {
        await rm(draft, { force: true });
      }
      return new BufferClaim(lock);
    } catch (cause) {
      if (cause instanceof RezolusError) throw cause;
      throw new RezolusError('REZ_ERR_RECORDING_WRITE', `${folder} cannot be used as a buffer`, { cause });
    }
  }

  /** Gives the folder back. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#beat[Symbol.dispose]();
    await rm(this.#lock, { force: true });
  }
}

async function makePrivate(folder: string): Promise<void> {
  if (await succeeds(mkdir(folder, { mode: 0o700 }), 'EEXIST')) return;
  // In a folder such as /tmp anybody could have made it, or a link to somewhere else.
  const found = await lstat(folder);
  if (!found.isDirectory()) throw new Error('it is not a directory');
  if (found.uid !== process.getuid!()) throw new Error(`it belongs to user ${found.uid}`);
  if ((found.mode & 0o022) !== 0) throw new Error('others can write to it');
}

/** removeDead: removes the lock of a process that is gone. Throws REZ_ERR_RECORDING_BUSY where it is not. */
async function removeDead(folder: string, lock: string): Promise<void> {
  const text = await readFile(lock, 'utf8').catch(() => null);
  if (text === null) return;
  const owner = parseOwner(text);
  if (owner !== null && (await isAlive(owner, lock))) throw busy(folder, owner);
  const aside = `${lock}.${suffix()}`;
  if (!(await succeeds(rename(lock, aside), 'ENOENT'))) return;
  const moved = await readFile(aside, 'utf8');
  if (moved !== text) {
    // Another process was faster: this is its lock.
    await succeeds(link(aside, lock), 'EEXIST');
    await rm(aside);
    throw busy(folder, parseOwner(moved));
  }
  await rm(aside);
}

function busy(folder: string, owner: Owner | null): RezolusError {
  const who = owner === null ? 'another process' : `process ${owner.pid}`;
  return new RezolusError('REZ_ERR_RECORDING_BUSY', `${folder} is in use by ${who}`);
}

const suffix = () => `${process.pid}-${randomBytes(4).toString('hex')}`;

/** succeeds: false where the action fails with this code. */
async function succeeds(action: Promise<unknown>, code: string): Promise<boolean> {
  try {
    await action;
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return false;
    throw error;
  }
}
