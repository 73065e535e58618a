import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
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
