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
import type { RowSink } from '../parquet/row-sink.ts';
import { ColumnNames } from './column-names.ts';

/** Handles: the writer's columns of the series of a group, by kind and position; -1 = not known yet. */
type Handles = Readonly<Record<MetricKind, Int32Array>>;

/** Known: a column, and how many labels its series had. */
interface Known {
  readonly column: number;
  readonly labels: number;
}

/**
 * SnapshotWriter: writes snapshots of one endpoint as rows, or as the cells of rows that others write to as well. A
 * series is known by its kind and labels, not by its name on the wire, which an agent that restarts may give to another
 * series; its column is named after the first one. Values that are absent are null. Columns that the sink has already
 * are gone on with.
 */
export class SnapshotWriter {
  readonly #sink: RowSink;
  readonly #labels: Labels;
  readonly #names: ColumnNames;
  readonly #columns = new Map<string, number>();
  /** The last series of each kind and name on the wire. */
  readonly #byName = new Map<string, Known>();
  /** Decoders keep the schema object while it does not change. */
  readonly #handles = new WeakMap<GroupSchema, Handles>();
  /** Row of the last value by column. */
  readonly #lastRow: number[] = [];
  readonly #lastCount: number[] = [];
  readonly #configs: (HistogramConfig | undefined)[] = [];
  #duplicates = 0;
  #counters = 0;
  #decreased = 0;

  constructor(sink: RowSink, labels: Labels, names?: ColumnNames) {
    this.#sink = sink;
    this.#labels = labels;
    this.#names = names ?? new ColumnNames(new Set(sink.columns.map(({ name }) => name)));
    for (const [column, { kind, metadata }] of sink.columns.entries()) {
      if (kind === 'timestamp' || kind === 'duration') continue;
      this.#columns.set(identity(metadata), column);
      this.#configs[column] = powersOf(metadata);
    }
  }

  /** series: how many series were seen so far. */
  get series(): number {
    return this.#columns.size;
  }

  /** duplicates: values that were left out because a series of the same kind and labels came before in the snapshot. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** decreased: the part of the counters above zero that the last snapshot had lower than the one before. */
  get decreased(): number {
    return this.#counters === 0 ? 0 : this.#decreased / this.#counters;
  }

  /** append: one row. Rejects with what the sink throws. */
  async append(snapshot: Snapshot): Promise<void> {
    this.#sink.startRow(snapshot.systemTimeNs, snapshot.durationNs);
    this.write(snapshot);
    await this.#sink.endRow();
  }

  /** write: the cells of the row that the caller has begun. */
  write(snapshot: Snapshot): void {
    this.#counters = 0;
    this.#decreased = 0;
    for (const group of snapshot.groups) {
      if (group.schema !== null) this.#group(group, group.schema);
    }
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
      if (!this.#claim(column)) continue;
      const low = words[2 * i]!;
      const high = words[2 * i + 1]!;
      this.#sink.scalar(column, low, high);
      if (kind === 'counter') this.#compare(column, high * 2 ** 32 + low);
    }
  }

  #compare(column: number, count: number): void {
    const before = this.#lastCount[column] ?? 0;
    this.#lastCount[column] = count;
    if (before === 0) return;
    this.#counters++;
    if (count < before) this.#decreased++;
  }

  #histogram(value: HistogramValue, i: number, series: readonly SeriesSchema[], handles: Int32Array): void {
    const { config, buckets } = value;
    if (buckets.length !== bucketCount(config)) return;
    const known = this.#configs[handles[i]!];
    const same =
      known?.groupingPower === config.groupingPower && known.maxValuePower === config.maxValuePower;
    if (!same) handles[i] = this.#column('histogram', series[i]!, config);
    const column = handles[i]!;
    if (this.#claim(column)) this.#sink.histogram(column, buckets);
  }

  /** claim: false where the column has a value in this row already. */
  #claim(column: number): boolean {
    const row = this.#sink.rows;
    if (this.#lastRow[column] === row) {
      this.#duplicates++;
      return false;
    }
    this.#lastRow[column] = row;
    return true;
  }

  #column(kind: MetricKind, series: SeriesSchema, config?: HistogramConfig): number {
    // The schema of a group is new whenever a member comes or goes; most series are as they were.
    const key = `${kind} ${series.name}`;
    const known = this.#byName.get(key);
    if (known !== undefined && config === undefined && this.#isSame(known, series.labels))
      return known.column;
    const column = this.#identify(kind, series, config);
    this.#byName.set(key, { column, labels: countLabels(series.labels) });
    return column;
  }

  /** isSame: whether a series of the same kind and name has the labels of its column, too. */
  #isSame({ column, labels: count }: Known, labels: Labels): boolean {
    const { metadata } = this.#sink.columns[column]!;
    for (const key in labels) {
      if (key === 'acq_group' || key === 'metric_type' || key in this.#labels) continue;
      if (metadata[key] !== labels[key]) return false;
    }
    return countLabels(labels) === count;
  }

  #identify(kind: MetricKind, { name, labels }: SeriesSchema, config?: HistogramConfig): number {
    const { acq_group: _, ...own } = labels;
    const powers =
      config === undefined
        ? {}
        : {
            grouping_power: String(config.groupingPower),
            max_value_power: String(config.maxValuePower),
          };
    const metadata: Labels = { ...own, ...powers, ...this.#labels, metric_type: kind };
    const key = identity(metadata);
    let column = this.#columns.get(key);
    if (column === undefined) {
      column = this.#sink.addColumn({ name: this.#names.unique(kind, name), kind, metadata });
      this.#columns.set(key, column);
      this.#configs[column] = config;
    }
    return column;
  }
}

function countLabels(labels: Labels): number {
  let count = 0;
  for (const _ in labels) count++;
  return count;
}

function identity(metadata: Labels): string {
  return JSON.stringify(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function powersOf({ grouping_power: g, max_value_power: m }: Labels): HistogramConfig | undefined {
  return g === undefined || m === undefined
    ? undefined
    : { groupingPower: Number(g), maxValuePower: Number(m) };
}
