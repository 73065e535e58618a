import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { RecordingFacts } from '../facts.ts';
import { chunkWords } from '../parquet/chunk-table.ts';
import { magic } from '../parquet/format.ts';
import type { ColumnSpec } from '../parquet/layout.ts';
import type { EncodedRowGroup } from '../parquet/row-group.ts';
import { type Catalogue, columnsPayload, groupPayload, type JournalGroup, jsonPayload } from './catalogue.ts';
import { claimFolder } from './claim.ts';
import { FrameFile, type NewFrame, writeAt } from './files.ts';
import { syncFolder } from './finish.ts';
import { frameType, partNames } from './layout.ts';
import { keepAlive } from './owner.ts';
import { Reserve } from './reserve.ts';

/** The shortest time between the end of one fsync of the open rows and the start of the next, ms. */
const syncPauseMs = 20;

/**
 * JournalFolder: the files of a recording that is being written, and the order in which they are written. Whatever is
 * cut off at any moment, the catalogue names only row groups that are whole, and the rows after them are in rows files.
 * Errors are those of the file system.
 */
export class JournalFolder {
  readonly path: string;
  readonly reserve: Reserve;
  groups: readonly JournalGroup[];
  /** The data file, open for reading and writing. */
  readonly data: FileHandle;
  readonly #catalogue: FrameFile;
  readonly #beat: Disposable;
  readonly #rows = new Map<number, FrameFile>();
  /** How many columns are in the catalogue, and how many in it or in a rows file. */
  #catalogued: number;
  #journaled: number;
  /** A rows file was made whose name is not durable yet. */
  #newFile = false;
  #syncing: Promise<void> | null = null;
  #syncedMs = 0;
  #syncFault: { error: unknown } | null = null;

  private constructor(path: string, catalogue: FrameFile, data: FileHandle, state: Catalogue) {
    this.path = path;
    this.data = data;
    this.reserve = new Reserve(join(path, partNames.reserve));
    this.groups = state.groups;
    this.#catalogue = catalogue;
    this.#beat = keepAlive(join(path, partNames.lock));
    this.#catalogued = state.columns.length;
    this.#journaled = state.columns.length;
  }

  /** create: a new folder with the rows file of row group 1; claimed as `claimFolder` does. */
  static async create(path: string, state: Catalogue): Promise<JournalFolder> {
    await claimFolder(path, async (draft) => {
      const catalogue = await FrameFile.create(join(draft, partNames.catalogue));
      await catalogue.append(stateFrames(state)).finally(() => catalogue.close());
      const data = await open(join(draft, partNames.data), 'wx', 0o644);
      await writeAt(data, [magic], 0).finally(() => data.close());
    });
    const folder = await JournalFolder.open(path, state);
    await syncFolder(dirname(path));
    return folder;
  }

  /** open: a folder that is this process's own, in the given state. Starts the rows file after the last row group. */
  static async open(path: string, state: Catalogue): Promise<JournalFolder> {
    const data = await open(join(path, partNames.data), 'r+');
    const catalogue = await rewrite(path, state).catch(async (error) => {
      await data.close();
      throw error;
    });
    const folder = new JournalFolder(path, catalogue, data, state);
    try {
      await folder.beginRows(state.lastSequence + 1);
    } catch (error) {
      await folder.close();
      throw error;
    }
    return folder;
  }

  /** rowBytes: bytes of the rows that are in no row group yet. */
  get rowBytes(): number {
    return [...this.#rows.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** beginRows: a new rows file for row group `sequence`. */
  async beginRows(sequence: number): Promise<void> {
    const path = join(this.path, partNames.rows(sequence));
    await rm(path, { force: true });
    this.#rows.set(sequence, await FrameFile.create(path));
    this.#newFile = true;
  }

  /** appendRow: one row of row group `sequence`, with the columns that are new. Durable a moment later. */
  async appendRow(sequence: number, row: Uint8Array, columns: readonly ColumnSpec[]): Promise<void> {
    if (this.#syncFault !== null) throw this.#syncFault.error;
    const frames: NewFrame[] = [[frameType.row, row]];
    const known = columns.length;
    if (known > this.#journaled) {
      const more = columnsPayload(this.#journaled, columns.slice(this.#journaled));
      frames.unshift([frameType.columns, more]);
    }
    const file = this.#rows.get(sequence)!;
    await file.append(frames);
    this.#journaled = known;
    this.#sync(file);
  }

  /** storeGroup: a whole row group; its rows file goes when the group is durable. Can be tried again after an error. */
  async storeGroup(sequence: number, group: EncodedRowGroup, columns: readonly ColumnSpec[]): Promise<void> {
    const { parts, rows, firstNs, lastNs, size, table } = group;
    const last = this.groups.at(-1);
    const offset = last === undefined ? magic.length : last.offset + last.size;
    await writeAt(this.data, parts, offset);
    await this.data.datasync();
    const checksum = parts.reduce((crc, part) => crc32(part, crc), 0);
    const stored = { sequence, offset, size, checksum, rows, firstNs, lastNs, table };
    const frames: NewFrame[] = [[frameType.group, groupPayload(stored)]];
    const known = Math.max(table.length / chunkWords, this.#catalogued);
    if (known > this.#catalogued) {
      const more = columnsPayload(this.#catalogued, columns.slice(this.#catalogued, known));
      frames.unshift([frameType.columns, more]);
    }
    await this.#catalogue.append(frames);
    await this.#catalogue.sync();
    this.#catalogued = known;
    this.groups = [...this.groups, stored];
    await this.#dropRows(sequence);
  }

  /** setFacts: what the recording says of itself from now on. */
  async setFacts(facts: RecordingFacts): Promise<void> {
    await this.#catalogue.append([[frameType.facts, jsonPayload(facts)]]);
  }

  /** remove: removes the folder, which must be closed. */
  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  /** close: closes all files; the folder stays. */
  async close(): Promise<void> {
    this.#beat[Symbol.dispose]();
    await this.#syncing;
    const files = [this.#catalogue, this.data, ...this.#rows.values()];
    this.#rows.clear();
    await Promise.all(files.map((file) => file.close().catch(() => {})));
  }

  #sync(file: FrameFile): void {
    if (this.#syncing !== null || performance.now() - this.#syncedMs < syncPauseMs) return;
    const names = this.#newFile ? syncFolder(this.path) : undefined;
    this.#newFile = false;
    this.#syncing = Promise.all([file.sync(), names])
      .then(() => {})
      .catch((error) => {
        // The file may have been closed because its row group is durable.
        if (this.#rows.has(sequenceOf(this.#rows, file))) this.#syncFault = { error };
      })
      .finally(() => {
        this.#syncing = null;
        this.#syncedMs = performance.now();
      });
  }

  async #dropRows(sequence: number): Promise<void> {
    const file = this.#rows.get(sequence);
    if (file === undefined) return;
    this.#rows.delete(sequence);
    await this.#syncing;
    await file.close();
    await rm(file.path, { force: true });
  }
}

function sequenceOf(rows: ReadonlyMap<number, FrameFile>, file: FrameFile): number {
  return [...rows].find(([, candidate]) => candidate === file)?.[0] ?? -1;
}

function stateFrames({ header, columns, groups, facts }: Catalogue): NewFrame[] {
  return [
    [frameType.header, jsonPayload(header)],
    [frameType.columns, columnsPayload(0, columns)],
    [frameType.facts, jsonPayload(facts)],
    ...groups.map((group): NewFrame => [frameType.group, groupPayload(group)]),
  ];
}

/** rewrite: the catalogue as a new file with just this state; replaces the old one when it is durable. */
async function rewrite(folder: string, state: Catalogue): Promise<FrameFile> {
  const path = join(folder, partNames.catalogue);
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  const file = await FrameFile.create(draft);
  try {
    await file.append(stateFrames(state));
    await file.sync();
    await rename(draft, path);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
