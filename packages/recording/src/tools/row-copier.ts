import { bucketCount } from '@rezolus/core/histogram';
import type { ColumnSpec } from '../parquet/layout.ts';
import type { CellSink } from '../parquet/row-sink.ts';
import type { RecordingColumn } from '../reader/columns.ts';
import type { ColumnData } from '../reader/data.ts';
import type { Recording } from '../reader/recording.ts';

/** SourceColumn: a column that is copied, and the spec of the one that it becomes. */
export interface SourceColumn {
  readonly column: RecordingColumn;
  readonly spec: ColumnSpec;
}

/** RowCopier: reads a recording a row group at a time and writes cells of its rows into another one. */
export class RowCopier {
  /** Times of all rows, ns. */
  readonly timestamps: BigUint64Array;
  readonly #recording: Recording;
  readonly #sink: CellSink;
  readonly #columns: readonly SourceColumn[];
  readonly #handles: (number | undefined)[] = [];
  readonly #dense: (BigUint64Array<ArrayBuffer> | undefined)[];
  readonly #starts: readonly number[];
  readonly #duration: number | undefined;
  #group = -1;
  #data: ColumnData[] = [];
  #durations: ColumnData | undefined;

  private constructor(
    recording: Recording,
    sink: CellSink,
    columns: readonly SourceColumn[],
    timestamps: BigUint64Array,
  ) {
    this.#recording = recording;
    this.#sink = sink;
    this.#columns = columns;
    this.timestamps = timestamps;
    this.#duration = recording.columns.find(({ kind }) => kind === 'duration')?.index;
    this.#dense = columns.map(({ column: { histogram } }) =>
      histogram === undefined ? undefined : new BigUint64Array(bucketCount(histogram)),
    );
    const starts = [0];
    for (const { rows } of recording.rowGroups) starts.push(starts.at(-1)! + rows);
    this.#starts = starts;
  }

  /** open: `specOf` says what a column becomes; null leaves it out. */
  static async open(
    recording: Recording,
    sink: CellSink,
    specOf: (column: RecordingColumn) => ColumnSpec | null,
  ): Promise<RowCopier> {
    const columns = recording.columns.flatMap((column): SourceColumn[] => {
      if (!['counter', 'gauge', 'histogram'].includes(column.kind)) return [];
      const spec = specOf(column);
      return spec === null ? [] : [{ column, spec }];
    });
    return new RowCopier(recording, sink, columns, await recording.readTimestamps());
  }

  /** load: makes row `row` ready; rows should ascend. */
  async load(row: number): Promise<void> {
    if (row >= this.#starts[this.#group]! && row < this.#starts[this.#group + 1]!) return;
    this.#group = this.#starts.findIndex((start, i) => start <= row && row < (this.#starts[i + 1] ?? 0));
    const indexes = this.#columns.map(({ column }) => column.index);
    this.#data = await this.#recording.read(indexes, this.#group);
    if (this.#duration === undefined) return;
    [this.#durations] = await this.#recording.read([this.#duration], this.#group);
  }

  /** durationNs: of a row that is loaded; null where it is not known. */
  durationNs(row: number): bigint | null {
    const at = row - this.#starts[this.#group]!;
    if (this.#durations?.kind !== 'unsigned' || this.#durations.valid?.[at] === 0) return null;
    return this.#durations.values[at] as bigint;
  }

  /** write: the cells of a row that is loaded. */
  write(row: number): void {
    const at = row - this.#starts[this.#group]!;
    for (const [i, data] of this.#data.entries()) {
      if (data.valid?.[at] === 0) continue;
      this.#handles[i] ??= this.#sink.addColumn(this.#columns[i]!.spec);
      const handle = this.#handles[i]!;
      if (data.kind === 'histogram') {
        const dense = this.#dense[i]!;
        dense.fill(0n);
        for (let e = data.starts[at]!; e < data.starts[at + 1]!; e++)
          dense[data.buckets[e]!] = data.counts[e]!;
        this.#sink.histogram(handle, dense);
      } else {
        const words = new Uint32Array(data.values.buffer, data.values.byteOffset + 8 * at, 2);
        this.#sink.scalar(handle, words[0]!, words[1]!);
      }
    }
  }
}
