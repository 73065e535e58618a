import { RezolusError } from '@rezolus/core/errors';
import { emptyFacts, type RecordingFacts, type SampleRange } from '../facts.ts';
import type { ColumnSpec } from '../parquet/layout.ts';
import { type EncodedRowGroup, RowGroupEncoder } from '../parquet/row-group.ts';
import { type RowSink, timeColumns } from '../parquet/row-sink.ts';
import { maxRowGroupRows, type WriterOptions } from '../parquet/writer.ts';
import { rangeOf } from './assemble.ts';
import { readCatalogue } from './catalogue.ts';
import { takeOver } from './claim.ts';
import { finishInPlace } from './finish.ts';
import { JournalFolder } from './folder.ts';
import type { Damage } from './frames.ts';
import { RowEncoder } from './row-encoder.ts';
import { readOpenRows, replay } from './state.ts';

/**
 * JournaledWriter: writes a recording so that it outlives its writer: each row is in a journal before `endRow` resolves,
 * and row groups are written when they are full, while rows go on. All files are in one folder (see
 * docs/recording-format.md). Memory holds the open row group. Errors of the file system are REZ_ERR_RECORDING_WRITE; the
 * row that met one is still in memory, and `finish` can be tried.
 */
export class JournaledWriter implements RowSink, AsyncDisposable {
  readonly columns: ColumnSpec[];
  readonly #folder: JournalFolder;
  readonly #createdBy: string;
  readonly #limit: number;
  #facts: RecordingFacts;
  #encoder: RowGroupEncoder;
  #journal = new RowEncoder();
  #sequence: number;
  /** The row group that is being written while rows go on, and the same when it is encoded. */
  #storing: Promise<void> | null = null;
  #unstored: { sequence: number; group: EncodedRowGroup } | null = null;
  #fault: { error: unknown } | null = null;
  #rows: number;
  /** Whether there is a row on disk. */
  #safe: boolean;
  #done = false;

  private constructor(
    folder: JournalFolder,
    columns: ColumnSpec[],
    sequence: number,
    options: WriterOptions,
    facts: RecordingFacts,
  ) {
    this.columns = columns;
    this.#folder = folder;
    this.#createdBy = options.createdBy;
    this.#limit = Math.min(options.rowGroupRows ?? maxRowGroupRows, maxRowGroupRows);
    this.#facts = facts;
    this.#encoder = new RowGroupEncoder(columns);
    this.#sequence = sequence;
    this.#rows = folder.groups.reduce((sum, { rows }) => sum + rows, 0);
    this.#safe = this.#rows > 0;
  }

  /**
   * create: a new recording in `folder` (`partialOf(output)`), which must not be there. Throws REZ_ERR_RECORDING_BUSY,
   * REZ_ERR_RECORDING_UNFINISHED and REZ_ERR_RECORDING_WRITE.
   */
  static async create(folder: string, options: WriterOptions): Promise<JournaledWriter> {
    const header = { createdBy: options.createdBy, created: new Date().toISOString() };
    const columns = [...timeColumns];
    const state = { header, columns, groups: [], lastSequence: 0, facts: emptyFacts, damage: null };
    const journal = await guard(folder, async () => {
      const created = await JournalFolder.create(folder, state);
      await created.reserve.ensure(1).catch(async (error) => {
        await created.close();
        await created.remove();
        throw error;
      });
      return created;
    });
    return new JournaledWriter(journal, columns, 1, options, emptyFacts);
  }

  /**
   * resume: goes on with the recording in `folder`, whose writer has died: its open rows become a row group. Throws as
   * `create` does; `damaged` gets what could not be read.
   */
  static async resume(
    folder: string,
    options: WriterOptions,
    damaged: (damage: Damage) => void = () => {},
  ): Promise<JournaledWriter> {
    return guard(folder, async () => {
      await takeOver(folder);
      const catalogue = await readCatalogue(folder);
      const open = await readOpenRows(folder, catalogue);
      if (catalogue.damage !== null) damaged(catalogue.damage);
      const columns = catalogue.columns;
      const tails: EncodedRowGroup[] = [];
      for (const file of open) {
        const encoder = new RowGroupEncoder(columns);
        const { rows, damage } = replay(file, columns, encoder);
        if (damage !== null) damaged(damage);
        if (rows > 0) tails.push(await encoder.finish());
      }
      const lastSequence = catalogue.lastSequence + open.length;
      const state = { ...catalogue, columns: [...columns], lastSequence };
      const journal = await JournalFolder.open(folder, state);
      for (const [i, group] of tails.entries()) {
        await journal.storeGroup(catalogue.lastSequence + 1 + i, group, columns);
      }
      return new JournaledWriter(journal, columns, lastSequence + 1, options, catalogue.facts);
    });
  }

  get rows(): number {
    return this.#rows;
  }

  /** bytesWritten: bytes of the row groups that are stored. */
  get bytesWritten(): number {
    return this.#folder.groups.reduce((sum, { size }) => sum + size, 0);
  }

  /** range: time of the first and last row that is in a stored row group; 0 where there is none. */
  get range(): SampleRange {
    return rangeOf(this.#folder.groups);
  }

  /** facts: what was last set, or what the resumed recording says of itself. */
  get facts(): RecordingFacts {
    return this.#facts;
  }

  addColumn(spec: ColumnSpec): number {
    return this.columns.push(spec) - 1;
  }

  startRow(timestampNs: bigint, durationNs: bigint | null): void {
    this.#encoder.startRow(timestampNs, durationNs);
    this.#journal.startRow(timestampNs, durationNs);
  }

  scalar(column: number, low: number, high: number): void {
    this.#encoder.scalar(column, low, high);
    this.#journal.scalar(column, low, high);
  }

  histogram(column: number, buckets: BigUint64Array): void {
    this.#encoder.histogram(column, buckets);
    this.#journal.histogram(column, buckets);
  }

  /** endRow: completes the row: it is in the journal when this resolves. */
  async endRow(): Promise<void> {
    this.#encoder.endRow();
    this.#rows++;
    await this.#guard(async () => {
      if (this.#fault !== null) throw this.#fault.error;
      await this.#folder.appendRow(this.#sequence, this.#journal.endRow(), this.columns);
      this.#safe = true;
      await this.#folder.reserve.ensure(this.#finishingBytes());
      if (this.#encoder.rows >= this.#limit) await this.#rotate();
    });
  }

  /** setFacts: what the recording says of itself; kept in the journal too. */
  async setFacts(facts: RecordingFacts): Promise<void> {
    this.#facts = facts;
    await this.#guard(() => this.#folder.setFacts(facts));
  }

  /** settled: resolves when no row group is being written. */
  async settled(): Promise<void> {
    await this.#storing;
  }

  /**
   * finish: completes the Parquet file and gives it the name `output`, on the same file system as the folder, which
   * goes. The space that it takes was reserved. Resolves to the size of the file; the writer is done.
   */
  async finish(output: string, keyValues: ReadonlyMap<string, string>): Promise<number> {
    return this.#guard(async () => {
      await this.#storing;
      await this.#folder.reserve.release();
      this.#fault = null;
      await this.#storeEncoded();
      if (this.#encoder.rows > 0) {
        await this.#encode(this.#encoder, this.#sequence);
        this.#encoder = new RowGroupEncoder(this.columns);
        await this.#storeEncoded();
      }
      const { columns, groups } = { columns: this.columns, groups: this.#folder.groups };
      const closing = { columns, groups, keyValues, createdBy: this.#createdBy };
      const size = await finishInPlace(this.#folder.path, this.#folder.data, output, closing);
      this.#done = true;
      await this.#folder.close();
      return size;
    });
  }

  /** Removes the folder where it holds no rows, else leaves it for `recoverRecording` or `resume`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    await this.#storing?.catch(() => {});
    await this.#folder.close();
    if (!this.#safe) await this.#folder.remove();
  }

  /** rotate: rows go on in a new row group while this one is written. */
  async #rotate(): Promise<void> {
    await this.#storing;
    if (this.#fault !== null) throw this.#fault.error;
    const full = this.#encoder;
    const sequence = this.#sequence;
    await this.#folder.beginRows(sequence + 1);
    this.#sequence++;
    this.#encoder = new RowGroupEncoder(this.columns);
    this.#journal = new RowEncoder();
    this.#storing = this.#encode(full, sequence)
      .then(() => this.#storeEncoded())
      .catch((error) => {
        this.#fault = { error };
      })
      .finally(() => {
        this.#storing = null;
      });
  }

  async #encode(encoder: RowGroupEncoder, sequence: number): Promise<void> {
    this.#unstored = { sequence, group: await encoder.finish() };
  }

  async #storeEncoded(): Promise<void> {
    if (this.#unstored === null) return;
    const { sequence, group } = this.#unstored;
    await this.#folder.storeGroup(sequence, group, this.columns);
    this.#unstored = null;
  }

  /** finishingBytes: an upper estimate of what `finish` writes: open rows, their page headers, footer and schema. */
  #finishingBytes(): number {
    const groups = this.#folder.groups.length + 2;
    const names = 64 * 1024;
    return 2 * this.#folder.rowBytes + this.columns.length * (400 + 80 * groups) + names;
  }

  #guard<T>(action: () => Promise<T>): Promise<T> {
    return guard(this.#folder.path, action);
  }
}

async function guard<T>(folder: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof RezolusError) throw cause;
    throw new RezolusError('REZ_ERR_RECORDING_WRITE', `${folder} could not be written`, { cause });
  }
}
