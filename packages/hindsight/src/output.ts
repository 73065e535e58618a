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

/** removeDrafts: removes what dumps left beside `path` when their process died; its buffer must be claimed. */
export async function removeDrafts(path: string): Promise<void> {
  const folder = dirname(path);
  const prefix = `.${basename(path)}.`;
  for (const name of await readdir(folder)) {
    const own = name.startsWith(prefix) && /^\d+-[0-9a-f]{8}$/.test(name.slice(prefix.length));
    if (own) await rm(join(folder, name), { force: true });
  }
}
