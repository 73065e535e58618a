import { ByteWriter } from './bytes.ts';
import { convertedType, encoding, physicalType, repetition, type SchemaElement } from './format.ts';
import { type PageSequence, singlePage } from './page.ts';
import { RunLengthEncoder } from './run-length.ts';
import { putLevels } from './scalar.ts';

/** ColumnKind: what a column of a recording holds; timestamp and duration are in nanoseconds. */
export type ColumnKind = 'timestamp' | 'duration' | 'counter' | 'gauge' | 'histogram';

/** ColumnSpec: a column of a recording: its unique name and its Arrow field metadata. */
export interface ColumnSpec {
  readonly name: string;
  readonly kind: ColumnKind;
  /** A counter or gauge whose values are doubles; integers where left out. */
  readonly float?: boolean;
  readonly metadata: Readonly<Record<string, string>>;
}

const unsigned = { converted: convertedType.uint64, logical: { bitWidth: 64, signed: false } } as const;

/** columnPath: the path of a column's leaf in the schema tree. */
export function columnPath({ name, kind }: ColumnSpec): string[] {
  return kind === 'histogram' ? [name, 'list', 'item'] : [name];
}

/**
 * schemaElements: the Parquet schema of these columns: i64 for gauges, u64 for the other scalars (both may be doubles),
 * three-level lists of u64 for histograms; all but the timestamp are optional.
 */
export function schemaElements(columns: readonly ColumnSpec[]): SchemaElement[] {
  const root: SchemaElement = { name: 'arrow_schema', children: columns.length };
  return [root, ...columns.flatMap(columnElements)];
}

function columnElements({ name, kind, float = false }: ColumnSpec): SchemaElement[] {
  const type = physicalType.int64;
  const optional = repetition.optional;
  if (kind === 'histogram') {
    return [
      { name, repetition: optional, children: 1, converted: convertedType.list, logical: 'list' },
      { name: 'list', repetition: repetition.repeated, children: 1 },
      { name: 'item', type, repetition: optional, ...unsigned },
    ];
  }
  if (float) return [{ name, type: physicalType.double, repetition: optional }];
  if (kind === 'gauge') return [{ name, type, repetition: optional }];
  return [{ name, type, repetition: kind === 'timestamp' ? repetition.required : optional, ...unsigned }];
}

/** columnType: the physical type of a column's leaf. */
export function columnType({ float = false }: ColumnSpec): number {
  return float ? physicalType.double : physicalType.int64;
}

/** nullChunk: the column chunk of an optional column that has no value in a row group. */
export function nullChunk(kind: ColumnKind, rows: number): PageSequence {
  const content = new ByteWriter();
  const levels = new RunLengthEncoder();
  for (let tree = kind === 'histogram' ? 2 : 1; tree > 0; tree--) {
    levels.push(0, rows);
    putLevels(content, levels);
  }
  return singlePage({ content: content.written(), values: rows, encoding: encoding.plain });
}
