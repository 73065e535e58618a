import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PluginManifest, RezolusError } from '@rezolus/core';

/** FileDigests: sha512 of each file below a folder, in base64, by its path. */
export type FileDigests = Readonly<Record<string, string>>;

/** Files of one plugin; more are refused before they are read. */
const maxFiles = 20_000;
const maxBytes = 512 * 1024 * 1024;

/**
 * digestFiles: the digests of all files of a plugin's folder. Nobody but root and the owner of this process may have
 * been able to change them, and there are no links to other places: else REZ_ERR_PLUGIN_INTEGRITY with the path.
 */
export async function digestFiles(root: string): Promise<FileDigests> {
  const digests: Record<string, string> = {};
  let bytes = 0;
  const visit = async (path: string): Promise<void> => {
    const full = join(root, path);
    const stat = await lstat(full);
    const where = path === '' ? 'its folder' : path;
    if (stat.isSymbolicLink()) throw tampered(`${where} is a symbolic link`);
    if (stat.uid !== 0 && stat.uid !== process.geteuid!())
      throw tampered(`${where} belongs to the user ${stat.uid}`);
    if ((stat.mode & 0o022) !== 0) throw tampered(`${where} can be changed by other users than its owner`);
    if (stat.isDirectory()) {
      for (const name of (await readdir(full)).sort()) await visit(path === '' ? name : `${path}/${name}`);
      return;
    }
    if (!stat.isFile()) throw tampered(`${where} is no file`);
    bytes += stat.size;
    if (bytes > maxBytes || Object.keys(digests).length >= maxFiles)
      throw tampered('it is too large to be checked');
    digests[path] = createHash('sha512')
      .update(await readFile(full))
      .digest('base64');
  };
  await visit('');
  return digests;
}

/** digestOf: one digest of all files: sha512 over their paths and digests in order of the paths. */
export function digestOf(files: FileDigests): string {
  const lines = Object.keys(files)
    .sort()
    .map((path) => `${path}\0${files[path]}\n`);
  return `sha512-${createHash('sha512').update(lines.join('')).digest('base64')}`;
}

/** verifyFiles: throws REZ_ERR_PLUGIN_INTEGRITY where a plugin's files are others than those its manifest was made of. */
export async function verifyFiles(root: string, { name, digest }: PluginManifest): Promise<void> {
  const found = await digestFiles(root).catch((error: unknown) => {
    const text = `${name} cannot be checked`;
    throw error instanceof RezolusError
      ? new RezolusError(error.code, `${name}: ${error.message}`)
      : new RezolusError('REZ_ERR_PLUGIN_INTEGRITY', text, { cause: error });
  });
  if (digestOf(found) === digest) return;
  throw new RezolusError('REZ_ERR_PLUGIN_INTEGRITY', `the files of ${name} have changed since it was loaded`);
}

function tampered(why: string): RezolusError {
  return new RezolusError('REZ_ERR_PLUGIN_INTEGRITY', why);
}
