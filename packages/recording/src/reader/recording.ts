import { RezolusError } from '@rezolus/core/errors';
import { chunkStart, readFooter, type StoredFile } from '../parquet/footer-reader.ts';
import { magic } from '../parquet/format.ts';
import type { DataPage, Inflate } from '../parquet/page-reader.ts';
import { type ColumnLayout, columnLayouts, type RecordingColumn } from './columns.ts';
import type { ColumnData, ScalarData, StoredChunk } from './data.ts';
import { decodeChunks, pagesOf } from './decode.ts';
import { type RangeSource, readRanges } from './range-source.ts';

/** RowGroup: rows that are stored together, and the earliest and latest of their timestamps in ns. */
export interface RowGroup {
  readonly index: number;
  readonly rows: number;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

/** Recording: an open recording. What is read is decoded anew: callers keep what they need. */
export interface Recording {
  /** The file keys, without `ARROW:schema`. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly columns: readonly RecordingColumn[];
  readonly rows: number;
  readonly rowGroups: readonly RowGroup[];
  /** Nominal distance of two rows, ms (`sampling_interval_ms`, 1000 where absent). */
  readonly intervalMs: number;
  /** Bytes of the file. */
  readonly size: number;
  readonly createdBy: string | undefined;
  /** readTimestamps: ns since the epoch of every row, or of the rows of one row group. */
  readTimestamps(rowGroup?: number): Promise<BigUint64Array>;
  /**
   * read: columns by their index in one row group. Throws REZ_ERR_RECORDING_FORMAT for damaged pages and for columns
   * of the kind `other`.
   */
  read(columns: readonly number[], rowGroup: number): Promise<ColumnData[]>;
  /**
   * readPages: as `read`, but columns come as pages that are decoded when they are asked for, null where they are
   * written in a way that only `read` knows. Iterating throws what the decoder throws for damaged pages, `UnknownPage`
   * for one that only `read` knows.
   */
  readPages(columns: readonly number[], rowGroup: number): Promise<(Iterable<DataPage> | null)[]>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Rows of a row group beyond which a file is damaged or hostile: the original writes 1,800, others up to a million. */
const maxRows = 2 ** 24;
const trailerLength = 8;

/**
 * openRecordingSource: opens a recording. With `inflate`, which undoes ZSTD, pages are decoded without parquet-wasm
 * where possible. Throws REZ_ERR_RECORDING_FORMAT where it is none; closes the source then.
 */
export async function openRecordingSource(source: RangeSource, inflate?: Inflate): Promise<Recording> {
  try {
    return await OpenRecording.open(source, inflate);
  } catch (cause) {
    await source.close();
    throw damaged(cause);
  }
}

class OpenRecording implements Recording {
  readonly metadata: ReadonlyMap<string, string>;
  readonly columns: readonly RecordingColumn[];
  readonly rows: number;
  readonly intervalMs: number;
  readonly createdBy: string | undefined;
  rowGroups: readonly RowGroup[] = [];
  readonly #source: RangeSource;
  readonly #inflate: Inflate | undefined;
  readonly #file: StoredFile;
  readonly #layouts: readonly ColumnLayout[];
  readonly #timestamp: number;

  static async open(source: RangeSource, inflate: Inflate | undefined): Promise<OpenRecording> {
    const recording = new OpenRecording(source, inflate, await readFileMetadata(source));
    recording.rowGroups = await Promise.all(recording.#file.rowGroups.map((_, i) => recording.#rowGroup(i)));
    return recording;
  }

  private constructor(source: RangeSource, inflate: Inflate | undefined, file: StoredFile) {
    this.#source = source;
    this.#inflate = inflate;
    this.#file = file;
    this.#layouts = columnLayouts(file);
    this.columns = this.#layouts.map(({ column }) => column);
    this.#timestamp = this.columns.findIndex(({ kind }) => kind === 'timestamp');
    if (this.#timestamp < 0) throw new RangeError('there is no column "timestamp"');
    const metadata = new Map(file.keyValues);
    metadata.delete('ARROW:schema');
    this.metadata = metadata;
    this.rows = file.rows;
    this.createdBy = file.createdBy;
    const interval = Number(metadata.get('sampling_interval_ms'));
    this.intervalMs = Number.isFinite(interval) && interval > 0 ? interval : 1000;
  }

  get size(): number {
    return this.#source.size;
  }

  async readTimestamps(rowGroup?: number): Promise<BigUint64Array> {
    const groups = rowGroup === undefined ? [...this.#file.rowGroups.keys()] : [rowGroup];
    const all = new BigUint64Array(groups.reduce((sum, group) => sum + this.#file.rowGroups[group]!.rows, 0));
    let at = 0;
    for (const group of groups) {
      const [data] = (await this.read([this.#timestamp], group)) as ScalarData[];
      all.set(data!.values as BigUint64Array, at);
      at += data!.values.length;
    }
    return all;
  }

  async read(columns: readonly number[], rowGroup: number): Promise<ColumnData[]> {
    const group = this.#file.rowGroups[rowGroup];
    if (group === undefined) throw new RangeError(`there is no row group ${rowGroup}`);
    try {
      return await decodeChunks(await this.#load(columns, rowGroup), group.rows, this.#inflate);
    } catch (cause) {
      throw damaged(cause);
    }
  }

  async readPages(columns: readonly number[], rowGroup: number): Promise<(Iterable<DataPage> | null)[]> {
    const inflate = this.#inflate;
    if (inflate === undefined) return columns.map(() => null);
    try {
      return (await this.#load(columns, rowGroup)).map((chunk) => pagesOf(chunk, inflate));
    } catch (cause) {
      throw damaged(cause);
    }
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #load(columns: readonly number[], rowGroup: number): Promise<StoredChunk[]> {
    if (this.#file.rowGroups[rowGroup] === undefined)
      throw new RangeError(`there is no row group ${rowGroup}`);
    const chunks = columns.map((column) => {
      const layout = this.#layouts[column];
      if (layout === undefined || layout.column.kind === 'other') {
        throw new RangeError(`column ${column} is not a series`);
      }
      return { layout, chunk: this.#file.rowGroups[rowGroup]!.chunk(layout.leaf) };
    });
    const ranges = chunks.map(({ chunk }) => ({ offset: chunkStart(chunk), length: chunk.compressedSize }));
    const bytes = await readRanges(this.#source, ranges);
    return chunks.map((chunk, i) => ({ ...chunk, bytes: bytes[i]! }));
  }

  async #rowGroup(index: number): Promise<RowGroup> {
    const group = this.#file.rowGroups[index]!;
    const { rows } = group;
    if (rows > maxRows) throw new RangeError(`row group of ${rows} rows`);
    const { statistics } = group.chunk(this.#layouts[this.#timestamp]!.leaf);
    if (statistics?.min.length === 8 && statistics.max.length === 8) {
      return { index, rows, firstNs: plainU64(statistics.min), lastNs: plainU64(statistics.max) };
    }
    const timestamps = (await this.readTimestamps(index)).toSorted();
    return { index, rows, firstNs: timestamps[0] ?? 0n, lastNs: timestamps.at(-1) ?? 0n };
  }
}

/** readFileMetadata: the footer of a Parquet file. Throws RangeError where it is none. */
export async function readFileMetadata(source: RangeSource): Promise<StoredFile> {
  if (source.size < magic.length + trailerLength) throw new RangeError('too short');
  const trailer = await source.read(source.size - trailerLength, trailerLength);
  if (!magic.every((byte, i) => trailer[4 + i] === byte)) throw new RangeError('not a Parquet file');
  const length = new DataView(trailer.buffer, trailer.byteOffset).getUint32(0, true);
  const start = source.size - trailerLength - length;
  if (start < magic.length) throw new RangeError('the footer is longer than the file');
  return readFooter(await source.read(start, length), start);
}

/** plainU64: a u64 in PLAIN form, as in statistics. */
export function plainU64(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
}

/** damaged: what went wrong in decoding, as the error that callers get. */
export function damaged(cause: unknown): RezolusError {
  if (cause instanceof RezolusError) return cause;
  return new RezolusError('REZ_ERR_RECORDING_FORMAT', 'the recording could not be read', { cause });
}
