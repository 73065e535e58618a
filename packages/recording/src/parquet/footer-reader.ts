import type {
  ColumnChunk,
  FileMetadata,
  LogicalType,
  RowGroupMetadata,
  SchemaElement,
  Statistics,
} from './format.ts';
import {
  readStruct,
  readStructWithList,
  type StructList,
  type ThriftStruct,
  type ThriftValue,
} from './thrift-reader.ts';

const text = new TextDecoder('utf-8', { fatal: false });

/** StoredRowGroup: a row group of a footer. Its chunks are decoded when they are asked for. */
export interface StoredRowGroup extends RowGroupMetadata {
  /** chunk: the chunk of one leaf. Throws RangeError where its metadata is damaged. */
  chunk(leaf: number): ColumnChunk;
}

/** StoredFile: the metadata of a file as its footer has it. */
export interface StoredFile extends FileMetadata {
  readonly rowGroups: readonly StoredRowGroup[];
}

/**
 * readFooter: decodes FileMetaData but for the column chunks, of which a long recording has tens of thousands. `dataEnd`
 * is where the pages end: chunks must lie before it. Throws RangeError where the metadata is damaged or does not fit
 * together.
 */
export function readFooter(bytes: Uint8Array, dataEnd: number): StoredFile {
  const { struct: file, list: groups } = readStructWithList(bytes, 4);
  const schema = structs(file, 2).map(readElement);
  const leaves = schema.filter((element) => element.type !== undefined).length;
  const rowGroups = Array.from(
    { length: groups.starts.length - 1 },
    (_, i) => new RowGroup(structBytes(groups, i), leaves, dataEnd),
  );
  const keyValues = structs(file, 5).map((pair): [string, string] => [
    string(pair, 1),
    optionalString(pair, 2) ?? '',
  ]);
  const rows = natural(file, 3);
  if (rows !== rowGroups.reduce((sum, group) => sum + group.rows, 0)) {
    throw new RangeError('row groups do not add up to the rows of the file');
  }
  return { schema, rowGroups, rows, keyValues: new Map(keyValues), createdBy: optionalString(file, 6) };
}

function readElement(element: ThriftStruct): SchemaElement {
  return {
    name: string(element, 4),
    type: optionalNumber(element, 1),
    repetition: optionalNumber(element, 3),
    children: optionalNumber(element, 5),
    converted: optionalNumber(element, 6),
    logical: readLogical(element.get(10)),
  };
}

function readLogical(value: ThriftValue | undefined): LogicalType | undefined {
  if (!(value instanceof Map)) return undefined;
  if (value.has(3)) return 'list';
  const integer = value.get(10);
  if (!(integer instanceof Map)) return 'other';
  return { bitWidth: natural(integer, 1), signed: integer.get(2) === true };
}

function structBytes({ bytes, starts }: StructList, index: number): Uint8Array {
  return bytes.subarray(starts[index], starts[index + 1]);
}

class RowGroup implements StoredRowGroup {
  readonly rows: number;
  readonly #list: StructList;
  readonly #dataEnd: number;

  constructor(bytes: Uint8Array, leaves: number, dataEnd: number) {
    const { struct, list } = readStructWithList(bytes, 1);
    if (list.starts.length - 1 !== leaves) throw new RangeError('row group without a chunk for every column');
    this.rows = natural(struct, 3);
    this.#list = list;
    this.#dataEnd = dataEnd;
  }

  get chunks(): readonly ColumnChunk[] {
    return Array.from({ length: this.#list.starts.length - 1 }, (_, leaf) => this.chunk(leaf));
  }

  chunk(leaf: number): ColumnChunk {
    const meta = readStruct(structBytes(this.#list, leaf)).get(3);
    if (!(meta instanceof Map)) throw new RangeError('column chunk without metadata');
    return readChunk(meta, this.#dataEnd);
  }
}

function readChunk(meta: ThriftStruct, dataEnd: number): ColumnChunk {
  const chunk: ColumnChunk = {
    type: natural(meta, 1),
    encodings: list(meta, 2).filter((item) => typeof item === 'number'),
    path: list(meta, 3).map((item) => (item instanceof Uint8Array ? text.decode(item) : '')),
    codec: natural(meta, 4),
    values: natural(meta, 5),
    uncompressedSize: natural(meta, 6),
    compressedSize: natural(meta, 7),
    dataPageOffset: natural(meta, 9),
    dictionaryPageOffset: optionalNumber(meta, 11),
    statistics: readStatistics(meta.get(12)),
  };
  const start = chunkStart(chunk);
  if (start < 4 || start + chunk.compressedSize > dataEnd) {
    throw new RangeError('column chunk outside of the file');
  }
  return chunk;
}

function readStatistics(value: ThriftValue | undefined): Statistics | undefined {
  if (!(value instanceof Map)) return undefined;
  const max = value.get(5);
  const min = value.get(6);
  if (!(max instanceof Uint8Array && min instanceof Uint8Array)) return undefined;
  return { min, max, nulls: optionalNumber(value, 3) };
}

/** chunkStart: offset of the first page of a chunk: its dictionary where it has one. */
export function chunkStart({ dictionaryPageOffset, dataPageOffset }: ColumnChunk): number {
  // Some writers state an offset of 0 where there is no dictionary.
  return dictionaryPageOffset !== undefined && dictionaryPageOffset > 0
    ? Math.min(dictionaryPageOffset, dataPageOffset)
    : dataPageOffset;
}

/** natural: a field that must be a natural number. Throws RangeError where it is not. */
export function natural(struct: ThriftStruct, id: number): number {
  const value = struct.get(id);
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new RangeError(`metadata field ${id} is not a natural number`);
  }
  return value as number;
}

function optionalNumber(struct: ThriftStruct, id: number): number | undefined {
  return struct.has(id) ? natural(struct, id) : undefined;
}

function string(struct: ThriftStruct, id: number): string {
  const value = optionalString(struct, id);
  if (value === undefined) throw new RangeError(`metadata field ${id} is not a string`);
  return value;
}

function optionalString(struct: ThriftStruct, id: number): string | undefined {
  const value = struct.get(id);
  return value instanceof Uint8Array ? text.decode(value) : undefined;
}

function list(struct: ThriftStruct, id: number): readonly ThriftValue[] {
  const value = struct.get(id) ?? [];
  if (!Array.isArray(value)) throw new RangeError(`metadata field ${id} is not a list`);
  return value;
}

function structs(struct: ThriftStruct, id: number): ThriftStruct[] {
  return list(struct, id).map((item) => {
    if (!(item instanceof Map)) throw new RangeError(`metadata field ${id} is not a list of structs`);
    return item;
  });
}
