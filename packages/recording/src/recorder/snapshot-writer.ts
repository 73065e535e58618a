import {
  bucketCount,
  type GroupSchema,
  type HistogramConfig,
  type HistogramValue,
  type Labels,
  type MetricKind,
  type SeriesSchema,
  type Snapshot,
  type SnapshotGroup,
} from '@rezolus/core';
import { wordsOf } from '../parquet/bytes.ts';
import type { RecordingWriter } from '../parquet/writer.ts';

/** Handles: the writer's columns of the series of a group, by kind and position; -1 = not known yet. */
type Handles = Readonly<Record<MetricKind, Int32Array>>;

/**
 * SnapshotWriter: writes snapshots of one endpoint as rows. A series is known by its kind and labels, not by its name
 * on the wire, which an agent that restarts may give to another series; its column is named after the first one.
 * Values that are absent are null.
 */
export class SnapshotWriter {
  readonly #writer: RecordingWriter;
  readonly #labels: Labels;
  readonly #columns = new Map<string, number>();
  readonly #names = new Set<string>(['timestamp', 'duration']);
  /** Decoders keep the schema object while it does not change. */
  readonly #handles = new WeakMap<GroupSchema, Handles>();
  /** Row of the last value by column. */
  readonly #lastRow: number[] = [];
  readonly #configs: (HistogramConfig | undefined)[] = [];
  #duplicates = 0;

  constructor(writer: RecordingWriter, labels: Labels) {
    this.#writer = writer;
    this.#labels = labels;
  }

  /** series: how many series were seen so far. */
  get series(): number {
    return this.#columns.size;
  }

  /** duplicates: values that were left out because a series of the same kind and labels came before in the snapshot. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** append: one row. Rejects with what the sink of the writer throws. */
  async append(snapshot: Snapshot): Promise<void> {
    this.#writer.startRow(snapshot.systemTimeNs, snapshot.durationNs);
    for (const group of snapshot.groups) {
      if (group.schema !== null) this.#group(group, group.schema);
    }
    await this.#writer.endRow();
  }

  #group(group: SnapshotGroup, schema: GroupSchema): void {
    let handles = this.#handles.get(schema);
    if (handles === undefined) {
      const unknown = (kind: readonly SeriesSchema[]) => new Int32Array(kind.length).fill(-1);
      handles = {
        counter: unknown(schema.counters),
        gauge: unknown(schema.gauges),
        histogram: unknown(schema.histograms),
      };
      this.#handles.set(schema, handles);
    }
    this.#scalars('counter', group.counters, group.countersPresent, schema.counters, handles.counter);
    this.#scalars('gauge', group.gauges, group.gaugesPresent, schema.gauges, handles.gauge);
    for (const [i, value] of group.histograms.entries()) {
      if (value !== null) this.#histogram(value, i, schema.histograms, handles.histogram);
    }
  }

  #scalars(
    kind: 'counter' | 'gauge',
    values: BigUint64Array | BigInt64Array,
    present: Uint8Array | null,
    series: readonly SeriesSchema[],
    handles: Int32Array,
  ): void {
    const words = wordsOf(values);
    for (let i = 0; i < handles.length; i++) {
      if (present !== null && present[i] === 0) continue;
      if (handles[i] === -1) handles[i] = this.#column(kind, series[i]!);
      const column = handles[i]!;
      if (this.#claim(column)) this.#writer.scalar(column, words[2 * i]!, words[2 * i + 1]!);
    }
  }

  #histogram(value: HistogramValue, i: number, series: readonly SeriesSchema[], handles: Int32Array): void {
    const { config, buckets } = value;
    if (buckets.length !== bucketCount(config)) return;
    const known = this.#configs[handles[i]!];
    const same =
      known?.groupingPower === config.groupingPower && known.maxValuePower === config.maxValuePower;
    if (!same) handles[i] = this.#column('histogram', series[i]!, config);
    const column = handles[i]!;
    if (this.#claim(column)) this.#writer.histogram(column, buckets);
  }

  /** claim: false where the column has a value in this row already. */
  #claim(column: number): boolean {
    const row = this.#writer.rows;
    if (this.#lastRow[column] === row) {
      this.#duplicates++;
      return false;
    }
    this.#lastRow[column] = row;
    return true;
  }

  #column(kind: MetricKind, { name, labels }: SeriesSchema, config?: HistogramConfig): number {
    const { acq_group: _, ...own } = labels;
    const powers =
      config === undefined
        ? {}
        : {
            grouping_power: String(config.groupingPower),
            max_value_power: String(config.maxValuePower),
          };
    const metadata: Labels = { ...own, ...powers, ...this.#labels, metric_type: kind };
    const identity = JSON.stringify(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
    let column = this.#columns.get(identity);
    if (column === undefined) {
      column = this.#writer.addColumn({ name: this.#unique(kind, name), kind, metadata });
      this.#columns.set(identity, column);
      this.#configs[column] = config;
    }
    return column;
  }

  #unique(kind: MetricKind, name: string): string {
    const full = (base: string) => (kind === 'histogram' ? `${base}:buckets` : base);
    let unique = full(name);
    for (let n = 2; this.#names.has(unique); n++) unique = full(`${name}~${n}`);
    this.#names.add(unique);
    return unique;
  }
}
