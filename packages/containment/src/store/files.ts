import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { type PluginManifest, RezolusError } from '@rezolus/core';

/** FileDigests: sha512 of each file below a folder, in base64, by its path; of a symbolic link, where it points. */
export type FileDigests = Readonly<Record<string, string>>;

/** Files of one plugin; more are refused before they are read. */
const maxFiles = 20_000;
const maxBytes = 512 * 1024 * 1024;

/** tampered: REZ_ERR_PLUGIN_INTEGRITY with this reason. */
export function tampered(why: string, options?: { cause: unknown }): RezolusError {
  return new RezolusError('REZ_ERR_PLUGIN_INTEGRITY', why, options);
}

/** sha512: in base64. */
export function sha512(content: string | Uint8Array): string {
  return createHash('sha512').update(content).digest('base64');
}

/** checkOwner: throws REZ_ERR_PLUGIN_INTEGRITY where others than root and the user of this process could change a file. */
export function checkOwner(path: string, stat: Stats): void {
  if (stat.uid !== 0 && stat.uid !== process.geteuid!())
    throw tampered(`${path} belongs to the user ${stat.uid}`);
  if (!stat.isSymbolicLink() && (stat.mode & 0o022) !== 0)
    throw tampered(`${path} can be changed by others than its owner`);
}

/**
 * digestFiles: the digests of all files of a folder. Throws REZ_ERR_PLUGIN_INTEGRITY with the path where others can
 * change one, or where a symbolic link leads out of the folder.
 */
export async function digestFiles(root: string): Promise<FileDigests> {
  const digests: Record<string, string> = {};
  let bytes = 0;
  const visit = async (path: string): Promise<void> => {
    const full = join(root, path);
    const stat = await lstat(full);
    checkOwner(path === '' ? 'its folder' : path, stat);
    if (stat.isDirectory()) {
      for (const name of (await readdir(full)).sort()) await visit(path === '' ? name : `${path}/${name}`);
      return;
    }
    bytes += stat.size;
    if (bytes > maxBytes || Object.keys(digests).length >= maxFiles)
      throw tampered('it is too large to be checked');
    if (stat.isSymbolicLink()) {
      const target = await readlink(full);
      if (!resolve(dirname(full), target).startsWith(resolve(root) + sep))
        throw tampered(`${path} is a symbolic link to ${target}`);
      digests[path] = `-> ${target}`;
    } else if (stat.isFile()) digests[path] = sha512(await readFile(full));
    else throw tampered(`${path} is no file`);
  };
  await visit('');
  return digests;
}

/** digestOf: one digest of all files: sha512 over their paths and digests in order of the paths. */
export function digestOf(files: FileDigests): string {
  const paths = Object.keys(files).sort();
  return `sha512-${sha512(paths.map((path) => `${path}\0${files[path]}\n`).join(''))}`;
}

/** differenceOf: the first difference between what was recorded and what is there, as a sentence; null = none. */
export function differenceOf(recorded: FileDigests, found: FileDigests): string | null {
  for (const [path, digest] of Object.entries(recorded)) {
    if (!Object.hasOwn(found, path)) return `${path} is missing`;
    if (found[path] !== digest) return `${path} was changed`;
  }
  const added = Object.keys(found).find((path) => !Object.hasOwn(recorded, path));
  return added === undefined ? null : `${added} was added`;
}

/** verifyFiles: throws REZ_ERR_PLUGIN_INTEGRITY where a plugin's files are others than those its manifest was made of. */
export async function verifyFiles(root: string, { name, digest }: PluginManifest): Promise<void> {
  let found: FileDigests;
  try {
    found = await digestFiles(root);
  } catch (cause) {
    throw tampered(`the files of ${name} cannot be checked`, { cause });
  }
  if (digestOf(found) !== digest) throw tampered(`the files of ${name} have changed since it was loaded`);
}
