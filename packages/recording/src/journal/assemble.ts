import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { fileKeys, type RecordingFacts } from '../facts.ts';
import { closingParts, type StoredGroup } from '../parquet/closing.ts';
import { magic } from '../parquet/format.ts';
import type { ColumnSpec } from '../parquet/layout.ts';
import { RowGroupEncoder } from '../parquet/row-group.ts';
import { StagingFile } from '../staging-file.ts';
import type { JournalGroup } from './catalogue.ts';
import type { Damage } from './frames.ts';
import { partNames, partPath } from './layout.ts';
import { type RowsFile, replay } from './state.ts';

/** AssembleOptions: which part of a recording, and further file keys. */
export interface AssembleOptions {
  /** Row groups that end before are left out, open rows too; ns since the epoch. */
  readonly startNs?: bigint;
  /** Row groups that begin later are left out, open rows too; ns since the epoch. */
  readonly endNs?: bigint;
  readonly keys?: ReadonlyMap<string, string>;
  readonly progress?: (done: number, total: number) => void;
  /** The file need not outlive the machine. */
  readonly temporary?: boolean;
}

/** Assembled: what a file that was put together holds. */
export interface Assembled {
  readonly output: string;
  readonly rows: number;
  /** Rows that were not in a row group yet. */
  readonly openRows: number;
  readonly size: number;
  /** Time of the first and last row; 0 where there is none. */
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  /** What could not be read and was left out. */
  readonly damage: readonly Damage[];
}

/** Source: a recording at one moment. */
export interface Source {
  readonly folder: string;
  readonly columns: readonly ColumnSpec[];
  readonly groups: readonly JournalGroup[];
  /** The rows after the row groups. */
  readonly open: readonly RowsFile[];
  readonly facts: RecordingFacts;
  readonly createdBy: string;
}

/**
 * assemble: a recording as a Parquet file of its own: bytes of row groups are copied, open rows encoded. Throws what the
 * file system says, ENOENT where the recording was finished meanwhile.
 */
export async function assemble(
  source: Source,
  output: string,
  {
    startNs = 0n,
    endNs = 2n ** 64n,
    keys = new Map(),
    progress = () => {},
    temporary = false,
  }: AssembleOptions,
): Promise<Assembled> {
  await using data = await open(join(source.folder, partNames.data), 'r');
  await using file = await StagingFile.create(output);
  await file.write([magic]);
  let offset = magic.length;
  const wanted = source.groups.filter(({ firstNs, lastNs }) => lastNs >= startNs && firstNs <= endNs);
  const total = wanted.reduce((sum, { size }) => sum + size, 0);
  const groups: StoredGroup[] = [];
  for (const group of wanted) {
    for await (const block of blocks(data, group)) await file.write([block]);
    groups.push({ ...group, offset });
    offset += group.size;
    progress(offset, total);
  }
  const columns = [...source.columns];
  const damage: Damage[] = [];
  let openRows = 0;
  for (const rows of source.open) {
    const encoder = new RowGroupEncoder(columns);
    const result = replay(rows, columns, within(encoder, startNs, endNs));
    if (result.damage !== null) damage.push(result.damage);
    if (encoder.rows === 0) continue;
    openRows += encoder.rows;
    const { parts, size, ...group } = await encoder.finish();
    await file.write(parts);
    groups.push({ ...group, offset });
    offset += size;
  }
  const range = rangeOf(groups);
  const keyValues = new Map([...fileKeys(source.facts, () => range), ...keys]);
  const { createdBy } = source;
  const closing = closingParts({ columns, groups, keyValues, createdBy, offset });
  await file.write(closing);
  await file.commit({ temporary });
  const size = offset + closing.reduce((sum, part) => sum + part.length, 0);
  const rows = groups.reduce((sum, group) => sum + group.rows, 0);
  return { output, rows, openRows, size, ...range, damage };
}

/** rangeOf: time of the first and last row of row groups; 0 where there is none. */
export function rangeOf(groups: readonly StoredGroup[]): { firstNs: bigint; lastNs: bigint } {
  let first: bigint | null = null;
  let last = 0n;
  for (const { firstNs, lastNs } of groups) {
    if (first === null || firstNs < first) first = firstNs;
    if (lastNs > last) last = lastNs;
  }
  return { firstNs: first ?? 0n, lastNs: last };
}

/** checkGroups: the row groups whose pages have the checksum that the catalogue states, and the others as damage. */
export async function checkGroups(
  folder: string,
  groups: readonly JournalGroup[],
  progress: (done: number, total: number) => void = () => {},
): Promise<{ groups: JournalGroup[]; damage: Damage[] }> {
  const good: JournalGroup[] = [];
  const damage: Damage[] = [];
  const total = groups.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const { path, label } = partPath(folder, partNames.data);
  await using handle = await open(path, 'r');
  for (const group of groups) {
    let reason = 'wrong checksum of a row group';
    let checksum = 0;
    try {
      for await (const block of blocks(handle, group)) checksum = crc32(block, checksum);
    } catch (error) {
      checksum = ~group.checksum;
      reason = `row group could not be read: ${error}`;
    }
    if (checksum === group.checksum) good.push(group);
    else damage.push({ file: label, offset: group.offset, reason, torn: false });
    done += group.size;
    progress(done, total);
  }
  return { groups: good, damage };
}

const blockSize = 2 ** 20;

async function* blocks(handle: FileHandle, { offset, size }: JournalGroup): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size; at += blockSize) {
    const block = Buffer.allocUnsafe(Math.min(blockSize, size - at));
    const { bytesRead } = await handle.read(block, 0, block.length, offset + at);
    if (bytesRead < block.length) throw new RangeError('the file ends early');
    yield block;
  }
}

/** within: passes on the rows in a range of time. */
function within(target: RowGroupEncoder, startNs: bigint, endNs: bigint) {
  let wanted = false;
  return {
    startRow(timestampNs: bigint, durationNs: bigint | null) {
      wanted = timestampNs >= startNs && timestampNs <= endNs;
      if (wanted) target.startRow(timestampNs, durationNs);
    },
    scalar(column: number, low: number, high: number) {
      if (wanted) target.scalar(column, low, high);
    },
    histogram(column: number, buckets: BigUint64Array) {
      if (wanted) target.histogram(column, buckets);
    },
    endRow() {
      if (wanted) target.endRow();
    },
  };
}
