import { ByteWriter } from './bytes.ts';
import type { ColumnChunk, FileMetadata, LogicalType, SchemaElement, Statistics } from './format.ts';
import { magic } from './format.ts';
import { type StructWriter, writeStruct } from './thrift.ts';

/** writeFooter: everything after the last page: FileMetaData, its length and the closing magic. */
export function writeFooter(file: FileMetadata): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(4096);
  writeStruct(out, (struct) => {
    struct
      .i32(1, 2)
      .structs(2, file.schema, writeElement)
      .i64(3, file.rows)
      .structs(4, file.rowGroups, (group, { rows, chunks }) => {
        const total = (size: (chunk: ColumnChunk) => number) => chunks.reduce((sum, c) => sum + size(c), 0);
        group
          .structs(1, chunks, writeChunk)
          .i64(
            2,
            total((chunk) => chunk.uncompressedSize),
          )
          .i64(3, rows)
          .i64(
            6,
            total((chunk) => chunk.compressedSize),
          );
      })
      .structs(5, [...file.keyValues], (pair, [key, value]) => {
        pair.binary(1, key).binary(2, value);
      })
      .binary(6, file.createdBy)
      // Without an order (1 = by type) readers must not trust min and max.
      .structs(
        7,
        file.schema.filter((element) => element.type !== undefined),
        (order) => {
          order.struct(1, () => {});
        },
      );
  });
  out.u32(out.length);
  out.bytes(magic);
  return out.written();
}

function writeElement(struct: StructWriter, element: SchemaElement): void {
  struct
    .i32(1, element.type)
    .i32(3, element.repetition)
    .binary(4, element.name)
    .i32(5, element.children)
    .i32(6, element.converted)
    .struct(10, writeLogical(element.logical));
}

function writeLogical(logical: LogicalType | undefined): ((struct: StructWriter) => void) | undefined {
  if (logical === undefined || logical === 'other') return undefined;
  if (logical === 'list') return (union) => union.struct(3, () => {});
  return (union) =>
    union.struct(10, (integer) => integer.byte(1, logical.bitWidth).boolean(2, logical.signed));
}

function writeChunk(struct: StructWriter, chunk: ColumnChunk): void {
  struct
    .i64(2, 0)
    .struct(3, (meta) =>
      meta
        .i32(1, chunk.type)
        .i32s(2, chunk.encodings)
        .strings(3, chunk.path)
        .i32(4, chunk.codec)
        .i64(5, chunk.values)
        .i64(6, chunk.uncompressedSize)
        .i64(7, chunk.compressedSize)
        .i64(9, chunk.dataPageOffset)
        .i64(11, chunk.dictionaryPageOffset)
        .struct(12, writeStatistics(chunk.statistics)),
    );
}

function writeStatistics(statistics: Statistics | undefined): ((struct: StructWriter) => void) | undefined {
  if (statistics === undefined) return undefined;
  return (struct) => struct.i64(3, statistics.nulls).binary(5, statistics.max).binary(6, statistics.min);
}
