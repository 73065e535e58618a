import type { CellSink } from '../parquet/row-sink.ts';
import { openRecording } from '../reader/open.ts';
import type { Recording } from '../reader/recording.ts';
import type { ColumnNames } from '../recorder/column-names.ts';
import { RowCopier } from './row-copier.ts';

/** Cell: a value of a row that is not in a segment: a column by name and metadata, and a number or buckets. */
export interface Cell {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly value: bigint | BigUint64Array;
}

/** Table: rows of one sampler or group of an archive: Parquet segments, then rows that were not in one yet. */
export interface Table {
  readonly name: string;
  readonly segments: readonly (() => Promise<Uint8Array>)[];
  readonly rest: readonly { readonly timestampNs: bigint; readonly cells: readonly Cell[] }[];
}

/** TableReader: the rows of one table in order, a segment at a time. */
export class TableReader {
  readonly #table: Table;
  readonly #sink: CellSink;
  readonly #names: ColumnNames;
  /** Columns by kind, name in the archive and metadata. */
  readonly #columns = new Map<string, number>();
  readonly #words = new BigUint64Array(1);
  #segment = -1;
  #recording: Recording | null = null;
  #copier: RowCopier | null = null;
  #row = -1;

  constructor(table: Table, sink: CellSink, names: ColumnNames) {
    this.#table = table;
    this.#sink = sink;
    this.#names = names;
  }

  /** next: goes on to the next row; its time in ns, or null at the end. */
  async next(): Promise<bigint | null> {
    this.#row++;
    while (this.#segment < this.#table.segments.length) {
      const time = this.#copier?.timestamps[this.#row];
      if (time !== undefined) return time;
      await this.#open();
    }
    return this.#table.rest[this.#row]?.timestampNs ?? null;
  }

  /** write: the cells of the row that it stands at. */
  async write(): Promise<void> {
    if (this.#copier !== null) {
      await this.#copier.load(this.#row);
      this.#copier.write(this.#row);
      return;
    }
    for (const cell of this.#table.rest[this.#row]!.cells) this.#cell(cell);
  }

  async close(): Promise<void> {
    await this.#recording?.close();
  }

  async #open(): Promise<void> {
    await this.#recording?.close();
    this.#recording = null;
    this.#copier = null;
    this.#row = 0;
    const load = this.#table.segments[++this.#segment];
    if (load === undefined) return;
    this.#recording = await openRecording(new Blob([(await load()) as Uint8Array<ArrayBuffer>]));
    const sink = this.#joining();
    this.#copier = await RowCopier.open(this.#recording, sink, ({ kind, name, metadata, float = false }) => ({
      kind: kind as Cell['kind'],
      name: name.replace(/:buckets$/, ''),
      metadata,
      ...(float && { float }),
    }));
  }

  #cell({ kind, name, metadata, value }: Cell): void {
    const column = this.#joining().addColumn({ kind, name, metadata: { ...metadata, metric_type: kind } });
    if (typeof value !== 'bigint') {
      this.#sink.histogram(column, value);
      return;
    }
    this.#words[0] = BigInt.asUintN(64, value);
    const words = new Uint32Array(this.#words.buffer);
    this.#sink.scalar(column, words[0]!, words[1]!);
  }

  /** joining: the sink, but that a column of a later segment is that of the segments before. */
  #joining(): CellSink {
    const sink = this.#sink;
    return {
      addColumn: (spec) => {
        const labels = Object.entries(spec.metadata).sort(([a], [b]) => (a < b ? -1 : 1));
        const key = JSON.stringify([spec.kind, spec.float ?? false, spec.name, labels]);
        let column = this.#columns.get(key);
        if (column === undefined) {
          column = sink.addColumn({ ...spec, name: this.#names.unique(spec.kind, spec.name) });
          this.#columns.set(key, column);
        }
        return column;
      },
      scalar: (column, low, high) => sink.scalar(column, low, high),
      histogram: (column, buckets) => sink.histogram(column, buckets),
    };
  }
}
