import { readFile } from 'node:fs/promises';
import { RezolusError } from '@rezolus/core/errors';
import { emptyFacts, type RecordingFacts } from '../facts.ts';
import { type ChunkTable, chunkWords } from '../parquet/chunk-table.ts';
import type { StoredGroup } from '../parquet/closing.ts';
import type { ColumnSpec } from '../parquet/layout.ts';
import { type Damage, type Frame, readFrames } from './frames.ts';
import { frameType, partNames, partPath } from './layout.ts';

/** JournalHeader: what holds for the whole recording. */
export interface JournalHeader {
  readonly createdBy: string;
  /** RFC 3339. */
  readonly created: string;
}

/** JournalGroup: a row group that is whole in the data file, from `offset` on. */
export interface JournalGroup extends StoredGroup {
  /** Row groups are numbered from 1. */
  readonly sequence: number;
  readonly size: number;
  /** CRC-32 of the pages. */
  readonly checksum: number;
}

/** Catalogue: what the file of that name says: everything but the open rows. */
export interface Catalogue {
  readonly header: JournalHeader;
  readonly columns: ColumnSpec[];
  readonly groups: readonly JournalGroup[];
  /** The last row group that became whole; 0 where none has. */
  readonly lastSequence: number;
  readonly facts: RecordingFacts;
  readonly damage: Damage | null;
}

const text = new TextDecoder();
const encoder = new TextEncoder();

/** jsonPayload: the payload of a frame that holds JSON. */
export function jsonPayload(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/** columnsPayload: columns from number `first` on. */
export function columnsPayload(first: number, columns: readonly ColumnSpec[]): Uint8Array {
  return jsonPayload({ first, columns });
}

/** takeColumns: appends the columns of a frame. Throws RangeError where some before them are missing. */
export function takeColumns(columns: ColumnSpec[], payload: Uint8Array): void {
  const { first, columns: more } = JSON.parse(text.decode(payload)) as {
    first: number;
    columns: ColumnSpec[];
  };
  if (!(first <= columns.length) || !Array.isArray(more)) throw new RangeError('columns are missing');
  columns.splice(first, columns.length - first, ...more);
}

/** groupPayload: u32 length of a JSON object, the object, the chunk table. */
export function groupPayload({ table, firstNs, lastNs, ...rest }: JournalGroup): Uint8Array {
  const json = jsonPayload({ ...rest, firstNs: String(firstNs), lastNs: String(lastNs) });
  const payload = Buffer.alloc(4 + json.length + table.byteLength);
  payload.writeUInt32LE(json.length, 0);
  payload.set(json, 4);
  payload.set(new Uint8Array(table.buffer, table.byteOffset, table.byteLength), 4 + json.length);
  return payload;
}

function readGroup(payload: Uint8Array): JournalGroup {
  const length = new DataView(payload.buffer, payload.byteOffset).getUint32(0, true);
  const group = JSON.parse(text.decode(payload.subarray(4, 4 + length)));
  const table: ChunkTable = new Uint32Array(new Uint8Array(payload.subarray(4 + length)).buffer);
  if (table.length % chunkWords !== 0) throw new RangeError('row group with half a column');
  return { ...group, firstNs: BigInt(group.firstNs), lastNs: BigInt(group.lastNs), table };
}

/**
 * readCatalogue: what the catalogue of a folder says up to its first damage. Throws REZ_ERR_RECORDING_FORMAT where there
 * is none, or not even its beginning can be read.
 */
export async function readCatalogue(folder: string): Promise<Catalogue> {
  const { path, label } = partPath(folder, partNames.catalogue);
  const bytes = await readFile(path).catch((cause) => {
    throw new RezolusError('REZ_ERR_RECORDING_FORMAT', `${label} could not be read`, { cause });
  });
  const { frames, damage: fault } = readFrames(label, bytes);
  let header: JournalHeader | undefined;
  let damage = fault;
  let facts = emptyFacts;
  let lastSequence = 0;
  const columns: ColumnSpec[] = [];
  const groups: JournalGroup[] = [];
  const take = ({ type, payload }: Frame) => {
    if (type === frameType.header) header = JSON.parse(text.decode(payload));
    else if (type === frameType.columns) takeColumns(columns, payload);
    else if (type === frameType.facts) facts = JSON.parse(text.decode(payload));
    else if (type === frameType.group) {
      const group = readGroup(payload);
      groups.push(group);
      lastSequence = group.sequence;
    } else throw new RangeError(`frame of unknown type ${type}`);
  };
  for (const frame of frames) {
    try {
      take(frame);
    } catch (error) {
      damage = { file: label, offset: frame.offset, reason: String(error), torn: false };
      break;
    }
  }
  if (header === undefined) {
    const reason = damage === null ? 'it is empty' : `${damage.reason} at byte ${damage.offset}`;
    throw new RezolusError('REZ_ERR_RECORDING_FORMAT', `${label} could not be read: ${reason}`);
  }
  return { header, columns, groups, lastSequence, facts, damage };
}
