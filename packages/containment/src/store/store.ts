import { createHash, randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PluginEntry, RezolusError, sentence } from '@rezolus/core';
import {
  checkOwner,
  differenceOf,
  digestFiles,
  digestOf,
  type FileDigests,
  sha512,
  tampered,
} from './files.ts';
import { readManifest } from './manifest.ts';

/** Stored: one line of the store's index. */
export interface Stored {
  readonly name: string;
  readonly version: string;
  /** Folder below the store. */
  readonly folder: string;
  /** What it was installed from: a package of the registry, or the path of a tarball or folder. */
  readonly source: string;
  /** sha512 of its tarball, as the registry has it and `npm view NAME dist.integrity` shows. */
  readonly integrity: string;
  /** The samplers that it announces. */
  readonly samplers: readonly string[];
}

/** OpenPlugin: an installed plugin whose files are those that were installed. */
export interface OpenPlugin {
  readonly stored: Stored;
  /** Its manifest has the digest of all files below `root`. */
  readonly entry: PluginEntry;
  readonly root: string;
}

/** Record: `integrity.json` beside the files of a plugin: what was installed. */
interface Record {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  /** sha512 of package-lock.json. */
  readonly lock: string;
  readonly files: FileDigests;
}

const indexFile = 'plugins.json';
const recordFile = 'integrity.json';

/**
 * PluginStore: the folder of the installed plugins. Each has a folder of its own with what npm made of it, so that one
 * never changes another, and the digests of all its files; `plugins.json` lists them.
 */
export class PluginStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** list: the installed plugins by name; nothing is verified. Throws REZ_ERR_PLUGIN_INTEGRITY for a broken index. */
  async list(): Promise<Stored[]> {
    const path = join(this.folder, indexFile);
    let text: string;
    try {
      for (const own of [this.folder, path]) checkOwner(own, await lstat(own));
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    try {
      const { plugins } = JSON.parse(text) as { plugins: Stored[] };
      return plugins.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    } catch (cause) {
      throw tampered(`${path} is not the list of the installed plugins`, { cause });
    }
  }

  /** find: one plugin. Throws REZ_ERR_PLUGIN_INSTALL where it is not installed. */
  async find(name: string): Promise<Stored> {
    const all = await this.list();
    const stored = all.find((one) => one.name === name);
    if (stored !== undefined) return stored;
    const names = all.map((one) => one.name).join(', ') || 'none';
    throw new RezolusError('REZ_ERR_PLUGIN_INSTALL', `${name} is not installed; installed: ${names}`);
  }

  /** open: a plugin whose files are verified. Throws REZ_ERR_PLUGIN_INTEGRITY with the first difference. */
  async open(stored: Stored): Promise<OpenPlugin> {
    try {
      return await this.#open(stored);
    } catch (error) {
      if (error instanceof RezolusError && error.code !== 'REZ_ERR_PLUGIN_INTEGRITY') throw error;
      throw tampered(`${stored.name} is not loaded: ${sentence(error)}`);
    }
  }

  async #open(stored: Stored): Promise<OpenPlugin> {
    const { name, version, folder } = stored;
    if (!/^[^/]+$/.test(folder) || folder.startsWith('.'))
      throw tampered(`its folder ${folder} is not in the store`);
    const home = join(this.folder, folder);
    const root = join(home, 'node_modules');
    checkOwner(folder, await lstat(home));
    const record = await readRecord(home);
    if (record.name !== name) throw tampered(`its digests are those of ${record.name}`);
    if (record.integrity !== stored.integrity) throw tampered('its digests are of another tarball');
    const lock = await ownText(home, 'package-lock.json');
    if (sha512(lock) !== record.lock || integrityIn(lock, name) !== record.integrity)
      throw tampered('package-lock.json was changed');
    const files = await digestFiles(root);
    const difference = differenceOf(record.files, files);
    if (difference !== null) throw tampered(difference);
    const entry = readManifest(join(root, name), await readFile(join(root, name, 'package.json'), 'utf8'));
    const { manifest } = entry;
    if (manifest.name !== name) throw tampered(`its package.json names it ${manifest.name}`);
    if (manifest.version !== version) throw tampered(`it is version ${manifest.version}, not ${version}`);
    return { stored, root, entry: { ...entry, manifest: { ...manifest, digest: digestOf(files) } } };
  }

  /** stage: an empty folder in the store in which npm can put a plugin. The caller adopts or removes it. */
  async stage(): Promise<string> {
    await mkdir(this.folder, { recursive: true, mode: 0o755 });
    const folder = join(this.folder, `.staging-${randomBytes(6).toString('hex')}`);
    await mkdir(folder, { mode: 0o755 });
    return folder;
  }

  /**
   * adopt: takes what npm has put into a staging folder into the store, in the place of an older one of that name.
   * Throws REZ_ERR_PLUGIN_INSTALL for what is no plugin, and REZ_ERR_PLUGIN_ABI.
   */
  async adopt(staging: string, source: string): Promise<Stored> {
    const lock = await readFile(join(staging, 'package-lock.json'), 'utf8');
    const [name] = Object.keys(JSON.parse(lock).packages?.['']?.dependencies ?? {});
    if (name === undefined)
      throw new RezolusError('REZ_ERR_PLUGIN_INSTALL', `npm installed nothing of ${source}`);
    const root = join(staging, 'node_modules');
    const { manifest } = readManifest(
      join(root, name),
      await readFile(join(root, name, 'package.json'), 'utf8'),
    );
    if (manifest.name !== name)
      throw new RezolusError(
        'REZ_ERR_PLUGIN_INSTALL',
        `${source} calls itself ${manifest.name}, npm ${name}`,
      );
    const integrity = integrityIn(lock, name);
    if (integrity === undefined)
      throw new RezolusError('REZ_ERR_PLUGIN_INSTALL', `npm knows no sha512 of ${source}`);
    await openToAll(root);
    const files = await digestFiles(root);
    const { version, samplers } = manifest;
    const record: Record = { name, version, integrity, lock: sha512(lock), files };
    await writeFile(join(staging, recordFile), JSON.stringify(record, null, 1), { mode: 0o644 });
    // The same content has the same folder, so that an agent that runs it finds it after an update that changed nothing.
    const content = createHash('sha256').update(JSON.stringify(record)).digest('hex').slice(0, 16);
    const folder = `${name.replace('/', '+')}@${version}-${content}`;
    const stored: Stored = { name, version, folder, source, integrity, samplers };
    const others = await this.list();
    if (await this.#isWhole(stored)) await rm(staging, { recursive: true });
    else {
      await this.#removeFolder(stored);
      await rename(staging, join(this.folder, folder));
    }
    await this.#write([...others.filter((one) => one.name !== name), stored]);
    for (const old of others.filter((one) => one.name === name && one.folder !== folder))
      await this.#removeFolder(old);
    return stored;
  }

  /** remove: uninstalls a plugin. */
  async remove(stored: Stored): Promise<void> {
    await this.#write((await this.list()).filter(({ name }) => name !== stored.name));
    await this.#removeFolder(stored);
  }

  #isWhole(stored: Stored): Promise<boolean> {
    return this.#open(stored).then(
      () => true,
      () => false,
    );
  }

  async #removeFolder({ folder }: Stored): Promise<void> {
    if (/^[^./][^/]*$/.test(folder)) await rm(join(this.folder, folder), { recursive: true, force: true });
  }

  async #write(plugins: readonly Stored[]): Promise<void> {
    const path = join(this.folder, indexFile);
    await writeFile(`${path}.new`, `${JSON.stringify({ plugins }, null, 2)}\n`, { mode: 0o644 });
    await rename(`${path}.new`, path);
  }
}

async function readRecord(home: string): Promise<Record> {
  let text: string;
  try {
    text = await ownText(home, recordFile);
  } catch (error) {
    if (error instanceof RezolusError) throw error;
    throw tampered('its digests are missing');
  }
  const record: Partial<Record> | null = JSON.parse(text);
  if (typeof record?.files !== 'object' || record.files === null)
    throw tampered('its digests are not to be read');
  return record as Record;
}

async function ownText(home: string, file: string): Promise<string> {
  const path = join(home, file);
  checkOwner(file, await lstat(path));
  return readFile(path, 'utf8');
}

/** The sha512 that a lock file of npm has of a package. */
function integrityIn(lock: string, name: string): string | undefined {
  const packages: unknown = JSON.parse(lock).packages?.[`node_modules/${name}`];
  const { integrity } = (packages ?? {}) as { integrity?: unknown };
  return typeof integrity === 'string' && integrity.startsWith('sha512-') ? integrity : undefined;
}

/** Lets every user read, and the owner alone write, what was unpacked: it will run as another user. */
async function openToAll(path: string): Promise<void> {
  const stat = await lstat(path);
  if (stat.isSymbolicLink()) return;
  await chmod(path, stat.isDirectory() ? 0o755 : 0o644 | (stat.mode & 0o111));
  if (stat.isDirectory()) for (const name of await readdir(path)) await openToAll(join(path, name));
}
