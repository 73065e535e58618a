import { type FileHandle, open } from 'node:fs/promises';
import { RezolusError } from '@rezolus/core/errors';
import { arrowSchema, arrowSchemaKey } from '../parquet/arrow-schema.ts';
import { columnOrder, NullPages } from '../parquet/closing.ts';
import { writeFooter } from '../parquet/footer.ts';
import { chunkStart } from '../parquet/footer-reader.ts';
import { type ColumnChunk, magic, type RowGroupMetadata } from '../parquet/format.ts';
import { columnPath, schemaElements } from '../parquet/layout.ts';
import { timeColumns } from '../parquet/row-sink.ts';
import { columnLayouts } from '../reader/columns.ts';
import { handleSource } from '../reader/file-source.ts';
import { plainU64, readFileMetadata } from '../reader/recording.ts';
import { StagingFile } from '../staging-file.ts';
import { ColumnUnion } from './column-union.ts';

/** ConcatenateOptions: which part of the inputs, and the file keys of the result. */
export interface ConcatenateOptions {
  /** Row groups that end before are left out; ns since the epoch. */
  readonly startNs?: bigint;
  /** Row groups that begin later are left out; ns since the epoch. */
  readonly endNs?: bigint;
  readonly createdBy: string;
  /** The file need not outlive the machine. */
  readonly temporary?: boolean;
  /** keys: the file keys, from those of the inputs, in their order, and the times of the result. */
  keys(
    inputs: readonly ReadonlyMap<string, string>[],
    firstNs: bigint,
    lastNs: bigint,
  ): ReadonlyMap<string, string>;
}

/** Concatenated: what the file holds. */
export interface Concatenated {
  readonly rows: number;
  readonly size: number;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

const endOfTime = 2n ** 64n;

/** Group: a row group of an input, with the chunks of the result's columns that it has. */
interface Group {
  readonly input: FileHandle;
  readonly rows: number;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  readonly chunks: ReadonlyMap<number, ColumnChunk>;
}

/**
 * concatenate: the row groups of recordings one after the other in one file. Pages are copied as they are. A column is
 * one with that of another input where both are of the same kind and metadata; where an input lacks it, it is null.
 * Throws REZ_ERR_RECORDING_EMPTY where there is no row group, ENOENT where an input is not there, RangeError where it is
 * no recording of ours, and REZ_ERR_RECORDING_WRITE.
 */
export async function concatenate(
  inputs: readonly string[],
  output: string,
  { startNs = 0n, endNs = endOfTime, createdBy, temporary = false, keys }: ConcatenateOptions,
): Promise<Concatenated> {
  await using handles = new AsyncDisposableStack();
  const union = new ColumnUnion(timeColumns);
  const groups: Group[] = [];
  const keyValues: ReadonlyMap<string, string>[] = [];
  for (const path of inputs) {
    const input = handles.use(await open(path, 'r'));
    const file = await readFileMetadata(await handleSource(input));
    keyValues.push(file.keyValues);
    const layouts = columnLayouts(file);
    const timestamp = layouts.find(({ column }) => column.kind === 'timestamp');
    if (timestamp === undefined) throw new RangeError('there is no column "timestamp"');
    for (const { rows, chunks } of file.rowGroups) {
      const { min, max } = chunks[timestamp.leaf]!.statistics ?? {};
      if (min?.length !== 8 || max?.length !== 8) throw new RangeError('row group without times');
      const [firstNs, lastNs] = [plainU64(min), plainU64(max)];
      if (lastNs < startNs || firstNs > endNs) continue;
      const own = layouts.flatMap(({ column, leaf }): [number, ColumnChunk][] => {
        const chunk = chunks[leaf]!;
        return column.kind === 'other' ? [] : [[union.of(column), chunk]];
      });
      groups.push({ input, rows, firstNs, lastNs, chunks: new Map(own) });
    }
  }
  if (groups.length === 0)
    throw new RezolusError('REZ_ERR_RECORDING_EMPTY', `there are no rows for ${output}`);
  await using file = await StagingFile.create(output);
  await file.write([magic]);
  const moved: ReadonlyMap<number, ColumnChunk>[] = [];
  for (const { input, chunks } of groups) moved.push(await copyChunks(input, chunks, file));
  const { columns } = union;
  const nulls = new NullPages(file.size);
  for (const [i, { rows }] of groups.entries()) {
    for (const [column, { kind }] of columns.entries()) {
      if (!moved[i]!.has(column)) nulls.reserve(kind, rows);
    }
  }
  const order = columnOrder(columns);
  const rowGroups = groups.map(({ rows }, i): RowGroupMetadata => {
    const chunkOf = (column: number) => {
      const spec = columns[column]!;
      const chunk = moved[i]!.get(column);
      return chunk === undefined ? nulls.chunk(spec, rows) : { ...chunk, path: columnPath(spec) };
    };
    return { rows, chunks: order.map(chunkOf) };
  });
  const firstNs = groups.reduce((least, group) => (group.firstNs < least ? group.firstNs : least), endOfTime);
  const lastNs = groups.reduce((most, group) => (group.lastNs > most ? group.lastNs : most), 0n);
  const rows = groups.reduce((sum, group) => sum + group.rows, 0);
  const specs = order.map((column) => columns[column]!);
  const footer = writeFooter({
    schema: schemaElements(specs),
    rowGroups,
    rows,
    keyValues: new Map([...keys(keyValues, firstNs, lastNs), [arrowSchemaKey, arrowSchema(specs)]]),
    createdBy,
  });
  await file.write([...nulls.parts, footer]);
  await file.commit({ temporary });
  return { rows, size: file.size, firstNs, lastNs };
}

const blockSize = 2 ** 20;

/** copyChunks: appends the pages of chunks in the order in which they stand; returns the chunks as they stand now. */
async function copyChunks(
  input: FileHandle,
  chunks: ReadonlyMap<number, ColumnChunk>,
  output: StagingFile,
): Promise<ReadonlyMap<number, ColumnChunk>> {
  const sorted = [...chunks].sort(([, a], [, b]) => chunkStart(a) - chunkStart(b));
  const moved = new Map<number, ColumnChunk>();
  for (let first = 0; first < sorted.length; ) {
    const start = chunkStart(sorted[first]![1]);
    const shift = output.size - start;
    let end = start;
    // Chunks that follow each other, or share their pages, are copied at once.
    for (; first < sorted.length && chunkStart(sorted[first]![1]) <= end; first++) {
      const [column, chunk] = sorted[first]!;
      end = Math.max(end, chunkStart(chunk) + chunk.compressedSize);
      moved.set(column, shifted(chunk, shift));
    }
    await copyRange(input, start, end, output);
  }
  return moved;
}

function shifted(chunk: ColumnChunk, by: number): ColumnChunk {
  const { dataPageOffset, dictionaryPageOffset = 0 } = chunk;
  return {
    ...chunk,
    dataPageOffset: dataPageOffset + by,
    dictionaryPageOffset: dictionaryPageOffset > 0 ? dictionaryPageOffset + by : undefined,
  };
}

async function copyRange(input: FileHandle, start: number, end: number, output: StagingFile): Promise<void> {
  const block = Buffer.allocUnsafe(Math.min(blockSize, end - start));
  for (let at = start; at < end; ) {
    const { bytesRead } = await input.read(block, 0, Math.min(block.length, end - at), at);
    if (bytesRead === 0) throw new RangeError('the file ends early');
    await output.write([block.subarray(0, bytesRead)]);
    at += bytesRead;
  }
}
