import { arrowSchema, arrowSchemaKey } from './arrow-schema.ts';
import { type ChunkTable, chunkAt, chunkSize, chunkWords, setChunk } from './chunk-table.ts';
import { writeFooter } from './footer.ts';
import type { ColumnChunk, RowGroupMetadata, Statistics } from './format.ts';
import { type ColumnKind, type ColumnSpec, nullChunk, schemaElements } from './layout.ts';

/** StoredGroup: a row group that stands in a file from `offset` on. */
export interface StoredGroup {
  readonly rows: number;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  readonly offset: number;
  readonly table: ChunkTable;
}

/** Closing: what `closingParts` needs to know of a file. */
export interface Closing {
  readonly columns: readonly ColumnSpec[];
  readonly groups: readonly StoredGroup[];
  readonly keyValues: ReadonlyMap<string, string>;
  readonly createdBy: string;
  /** Where the file ends so far. */
  readonly offset: number;
}

const kindOrder = { timestamp: 0, duration: 1, counter: 2, gauge: 3, histogram: 4 } as const;

/**
 * closingParts: what comes after the last row group: pages for columns that older row groups did not know, and the
 * footer. Columns are ordered as the original does: time, counters, gauges, histograms, each by name. Null pages of
 * one size and kind are written once and shared.
 */
export function closingParts({ columns, groups, keyValues, createdBy, offset }: Closing): Uint8Array[] {
  const order = columnOrder(columns);
  const nulls = new NullPages(offset);
  const rowGroups = groups.map((group): RowGroupMetadata => {
    const known = group.table.length / chunkWords;
    // Made when the footer is written: all of a long recording at once would take a lot of memory.
    const chunks = () => {
      const offsets = new Float64Array(known);
      for (let column = 0, at = group.offset; column < known; column++) {
        offsets[column] = at;
        at += chunkSize(group.table, column);
      }
      return order.map((column) => {
        const spec = columns[column]!;
        if (column >= known) return nulls.chunk(spec, group.rows);
        const statistics = column === 0 ? timeRange(group) : undefined;
        return chunkAt(group.table, column, spec, offsets[column]!, statistics);
      });
    };
    if (known < columns.length) {
      for (const { kind } of columns.slice(known)) nulls.reserve(kind, group.rows);
    }
    return {
      rows: group.rows,
      get chunks() {
        return chunks();
      },
    };
  });
  const specs = order.map((column) => columns[column]!);
  const footer = writeFooter({
    schema: schemaElements(specs),
    rowGroups,
    rows: groups.reduce((sum, { rows }) => sum + rows, 0),
    keyValues: new Map([...keyValues, [arrowSchemaKey, arrowSchema(specs)]]),
    createdBy,
  });
  return [...nulls.parts, footer];
}

/** NullPages: the all-null chunks of a file from `offset` on, one per kind of column and number of rows. */
export class NullPages {
  readonly parts: Uint8Array[] = [];
  readonly #known = new Map<string, { offset: number; table: ChunkTable }>();
  #offset: number;

  constructor(offset: number) {
    this.#offset = offset;
  }

  reserve(kind: ColumnKind, rows: number): void {
    const key = keyOf(kind, rows);
    if (this.#known.has(key)) return;
    const pages = nullChunk(kind, rows);
    const table: ChunkTable = new Uint32Array(chunkWords);
    setChunk(table, 0, pages);
    this.#known.set(key, { offset: this.#offset, table });
    this.parts.push(...pages.pages);
    this.#offset += pages.compressedSize;
  }

  chunk(spec: ColumnSpec, rows: number): ColumnChunk {
    const { offset, table } = this.#known.get(keyOf(spec.kind, rows))!;
    return chunkAt(table, 0, spec, offset);
  }
}

const keyOf = (kind: ColumnKind, rows: number) => `${kind === 'histogram'} ${rows}`;

/** columnOrder: the numbers of the columns in the order of the file: time, counters, gauges, histograms, each by name. */
export function columnOrder(specs: readonly ColumnSpec[]): number[] {
  return [...specs.keys()].sort((a, b) => {
    const kinds = kindOrder[specs[a]!.kind] - kindOrder[specs[b]!.kind];
    if (kinds !== 0) return kinds;
    return specs[a]!.name < specs[b]!.name ? -1 : 1;
  });
}

function timeRange({ firstNs, lastNs }: StoredGroup): Statistics {
  const plain = (value: bigint) => new Uint8Array(BigUint64Array.of(value).buffer);
  return { min: plain(firstNs), max: plain(lastNs), nulls: 0 };
}
