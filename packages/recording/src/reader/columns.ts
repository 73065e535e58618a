import { bucketCount, type HistogramConfig, isHistogramConfig } from '@rezolus/core/histogram';
import { type ArrowField, readArrowSchema } from '../parquet/arrow-schema-reader.ts';
import {
  convertedType,
  type FileMetadata,
  physicalType,
  repetition,
  type SchemaElement,
} from '../parquet/format.ts';
import type { ColumnKind } from '../parquet/layout.ts';

/** RecordingColumn: a top-level column. `other` = not a part of a recording; it cannot be read. */
export interface RecordingColumn {
  /** Position in the file; names need not be unique. */
  readonly index: number;
  readonly name: string;
  readonly kind: ColumnKind | 'other';
  /** A counter or gauge of doubles. */
  readonly float?: true;
  /** The Arrow field metadata: `metric`, `unit` and the labels. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The shape of a histogram. */
  readonly histogram?: HistogramConfig;
}

/** ColumnLayout: a column with its nodes of the schema tree and the position of its first leaf. */
export interface ColumnLayout {
  readonly column: RecordingColumn;
  readonly elements: readonly SchemaElement[];
  readonly leaf: number;
}

const maxSchemaDepth = 32;

/**
 * columnLayouts: the top-level columns of a file. The kind follows from the Parquet type as in the original: u64 =
 * counter, i64 = gauge, list of u64 with both histogram powers = histogram. A double is what its `metric_type` says,
 * else a gauge. Throws RangeError for a schema that is not a tree.
 */
export function columnLayouts(file: FileMetadata): ColumnLayout[] {
  const branches = topLevel(file.schema);
  const arrow = file.keyValues.get('ARROW:schema');
  const fields = arrow === undefined ? [] : readArrowSchema(arrow, branches.length);
  let leaf = 0;
  return branches.map((elements, index) => {
    const first = leaf;
    leaf += elements.filter((element) => element.type !== undefined).length;
    return { column: describe(index, elements, fields[index]), elements, leaf: first };
  });
}

function topLevel(schema: readonly SchemaElement[]): SchemaElement[][] {
  let at = 1;
  const take = (depth: number): SchemaElement[] => {
    const element = schema[at++];
    if (element === undefined || depth > maxSchemaDepth) throw new RangeError('the schema is not a tree');
    const elements = [element];
    for (let i = 0; i < (element.children ?? 0); i++) elements.push(...take(depth + 1));
    return elements;
  };
  const branches: SchemaElement[][] = [];
  for (let i = 0; i < (schema[0]?.children ?? 0); i++) branches.push(take(0));
  if (at !== schema.length) throw new RangeError('the schema is not a tree');
  return branches;
}

function describe(
  index: number,
  elements: readonly SchemaElement[],
  field: ArrowField | undefined,
): RecordingColumn {
  const name = elements[0]!.name;
  const metadata = field?.name === name ? field.metadata : {};
  const column = { index, name, metadata };
  const storage = storageOf(elements);
  if (storage === 'list') {
    const config = histogramConfig(metadata);
    return config === null
      ? { ...column, kind: 'other' }
      : { ...column, kind: 'histogram', histogram: config };
  }
  if (storage === null || /:(wall_offset|window_begin|window_width)$/.test(name)) {
    return { ...column, kind: 'other' };
  }
  if (storage === 'double') {
    return { ...column, kind: metadata.metric_type === 'counter' ? 'counter' : 'gauge', float: true };
  }
  if (storage === 'signed') return { ...column, kind: 'gauge' };
  if (name === 'timestamp' || name === 'duration') return { ...column, kind: name };
  return { ...column, kind: 'counter' };
}

function storageOf(elements: readonly SchemaElement[]): 'unsigned' | 'signed' | 'double' | 'list' | null {
  const leaf = elements.at(-1)!;
  if (leaf.type === physicalType.double && elements.length === 1) return 'double';
  if (leaf.type !== physicalType.int64) return null;
  const plain = leaf.converted === undefined && leaf.logical === undefined;
  const unsigned =
    leaf.converted === convertedType.uint64 ||
    (typeof leaf.logical === 'object' && leaf.logical.bitWidth === 64 && !leaf.logical.signed);
  const signed = typeof leaf.logical === 'object' && leaf.logical.bitWidth === 64 && leaf.logical.signed;
  if (elements.length === 1) return unsigned ? 'unsigned' : plain || signed ? 'signed' : null;
  const list = elements.length === 3 && elements[1]!.repetition === repetition.repeated;
  return list && unsigned ? 'list' : null;
}

function histogramConfig(metadata: Readonly<Record<string, string>>): HistogramConfig | null {
  const power = (key: string) => {
    const value = metadata[key] ?? '';
    return /^\d{1,3}$/.test(value) ? Number(value) : Number.NaN;
  };
  const config = { groupingPower: power('grouping_power'), maxValuePower: power('max_value_power') };
  // Bucket numbers are kept in 16 bits.
  return isHistogramConfig(config) && bucketCount(config) <= 2 ** 16 ? config : null;
}
