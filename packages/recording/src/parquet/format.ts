/**
 * The parts of Parquet's metadata that recordings have, with the numbers of parquet.thrift
 * (github.com/apache/parquet-format). Sizes and offsets are bytes.
 */

/** encoding: how the values of a page are written. */
export const encoding = {
  plain: 0,
  plainDictionary: 2,
  rle: 3,
  deltaBinaryPacked: 5,
  rleDictionary: 8,
} as const;

/** pageType: what a page holds; data pages of version 2 (3) are not written by recorders. */
export const pageType = { data: 0, dictionary: 2 } as const;

/** codec: how a page is compressed. */
export const codec = { uncompressed: 0, zstd: 6 } as const;

/** physicalType: the storage types of recordings; doubles are for what is no integer in Prometheus. */
export const physicalType = { int64: 2, double: 5 } as const;

/** repetition: whether a schema element must be there. */
export const repetition = { required: 0, optional: 1, repeated: 2 } as const;

/** convertedType: the older form of a logical type. */
export const convertedType = { list: 3, uint64: 14 } as const;

/** LogicalType: the newer form: a list, an integer, or something that recordings do not have. */
export type LogicalType = 'list' | { readonly bitWidth: number; readonly signed: boolean } | 'other';

/** SchemaElement: a node of the schema tree, in depth-first order; `children` counts the direct ones. */
export interface SchemaElement {
  readonly name: string;
  readonly type?: number | undefined;
  readonly repetition?: number | undefined;
  readonly children?: number | undefined;
  readonly converted?: number | undefined;
  readonly logical?: LogicalType | undefined;
}

/** Statistics: smallest and largest value in PLAIN form. */
export interface Statistics {
  readonly min: Uint8Array;
  readonly max: Uint8Array;
  readonly nulls?: number | undefined;
}

/** ColumnChunk: one leaf column of one row group. */
export interface ColumnChunk {
  readonly type: number;
  readonly encodings: readonly number[];
  readonly path: readonly string[];
  readonly codec: number;
  /** Values with nulls and, in lists, with the place holders of empty ones. */
  readonly values: number;
  readonly uncompressedSize: number;
  readonly compressedSize: number;
  readonly dataPageOffset: number;
  readonly dictionaryPageOffset?: number | undefined;
  readonly statistics?: Statistics | undefined;
}

/** RowGroupMetadata: the chunks of a row group in the order of the schema's leaves. */
export interface RowGroupMetadata {
  readonly rows: number;
  readonly chunks: readonly ColumnChunk[];
}

/** FileMetadata: what the footer of a Parquet file says. */
export interface FileMetadata {
  readonly schema: readonly SchemaElement[];
  readonly rowGroups: readonly RowGroupMetadata[];
  readonly rows: number;
  readonly keyValues: ReadonlyMap<string, string>;
  readonly createdBy?: string | undefined;
}

/** magic: first and last four bytes of a file. */
export const magic: Uint8Array<ArrayBuffer> = new TextEncoder().encode('PAR1');
