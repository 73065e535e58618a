import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RezolusError } from '@rezolus/core';

/** checkOutput: throws REZ_ERR_RECORDING_WRITE where no file could be written to `path`, before it is too late. */
export async function checkOutput(path: string): Promise<void> {
  const folder = dirname(path);
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new RezolusError('REZ_ERR_RECORDING_WRITE', `${path} cannot be written in ${folder}`, { cause });
  }
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) throw new RezolusError('REZ_ERR_RECORDING_WRITE', `${path} is a directory`);
}

/** draftOf: a path beside `path` for a part of it. */
export function draftOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(4).toString('hex')}`);
}

/** removeDrafts: removes what dumps left beside `path` when their process died; its buffer must be claimed. */
export async function removeDrafts(path: string): Promise<void> {
  const folder = dirname(path);
  const name = basename(path);
  for (const found of await readdir(folder).catch(() => [])) {
    // A draft of a draft has two dots and two numbers.
    const [, owner] = /^\.{1,2}(.*?)(?:\.\d+-[0-9a-f]{8}){1,2}$/.exec(found) ?? [];
    if (owner === name) await rm(join(folder, found), { force: true });
  }
}
