import type { HistogramValue, SeriesSchema, Snapshot, SnapshotGroup } from '@rezolus/core';
import { bucketCount, isHistogramConfig } from '@rezolus/core/histogram';
import { labelKey, labelSet } from './labels.ts';
import { Chunk, HistogramTracker, rowsPerChunk, sparse } from './memory/chunk.ts';
import { floatColumn, histogramColumn, type RowTimes, rowTimes } from './memory/column.ts';
import type { Column, Series, SeriesKind, Source } from './source.ts';

/** MemoryStoreOptions: what a store keeps. */
export interface MemoryStoreOptions {
  /** Nominal distance of snapshots, ms; times are moved to the nearest multiple of it. */
  readonly intervalMs: number;
  /** Samples older than this, counted from the newest, are dropped. Default one hour. */
  readonly retentionMs?: number;
  /** Above this the oldest samples are dropped earlier, and new series are not taken. Default 256 MiB. */
  readonly maxBytes?: number;
  /** Descriptions of metrics by name. */
  readonly descriptions?: ReadonlyMap<string, string>;
}

interface Entry {
  readonly key: string;
  readonly series: Omit<Series, 'id'>;
  /** First value of a counter; values are kept minus this. */
  readonly base: bigint;
  readonly tracker: HistogramTracker | null;
  /** Number of chunks that hold samples of it. */
  chunks: number;
}

type GroupEntries = Readonly<Record<`${SeriesKind}s`, readonly string[]>>;

const notLabels = new Set(['metric', 'metric_type', 'unit', 'grouping_power', 'max_value_power']);
/** What an entry takes beside its samples, and with a first chunk of them, about. */
const entryBytes = 1000;
const newEntryBytes = 2000;

/**
 * MemoryStore: the samples of the last while, fed with snapshots of an agent; what the live viewer queries. A series is
 * its kind, name and labels; one that snapshots no longer have stays until its samples are dropped.
 */
export class MemoryStore implements Source {
  generation = 0;
  /** How many values of new series were not taken because the store was full. */
  dropped = 0;
  readonly intervalMs: number;
  readonly #retentionMs: number;
  readonly #maxBytes: number;
  readonly #descriptions: ReadonlyMap<string, string>;
  readonly #entries = new Map<string, Entry>();
  readonly #groups = new WeakMap<object, GroupEntries>();
  #chunks: Chunk<Entry>[] = [];
  #series: { series: Series; entry: Entry }[] | null = null;
  #columns = new Map<Entry, Column>();
  #times: RowTimes | null = null;

  constructor(options: MemoryStoreOptions) {
    this.intervalMs = options.intervalMs;
    this.#retentionMs = options.retentionMs ?? 3_600_000;
    this.#maxBytes = options.maxBytes ?? 256 * 2 ** 20;
    this.#descriptions = options.descriptions ?? new Map();
  }

  get startMs(): number {
    return this.#chunks[0]?.firstMs ?? 0;
  }

  get endMs(): number {
    return this.#chunks.at(-1)?.lastMs ?? 0;
  }

  /** bytes: about what the samples and series take. */
  get bytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.bytes, 0) + this.#entries.size * entryBytes;
  }

  series(): readonly Series[] {
    return this.#list().map(({ series }) => series);
  }

  load(ids: readonly number[]): Promise<Column[]> {
    const list = this.#list();
    const columns = ids.map((id) => {
      const found = list[id];
      if (found === undefined) throw new RangeError(`there is no series ${id}`);
      return this.#column(found.entry);
    });
    return Promise.resolve(columns);
  }

  /** clear: forgets everything. */
  clear(): void {
    this.#chunks = [];
    this.#entries.clear();
    this.#changed();
    this.#columns.clear();
    this.#times = null;
  }

  /** append: the samples of a snapshot. One that is not newer than the last is ignored. */
  append(snapshot: Snapshot): void {
    const exactMs = Number(snapshot.systemTimeNs / 1000n) / 1000;
    const last = this.#chunks.at(-1);
    if (last !== undefined && exactMs <= last.lastExactMs) return;
    const timeMs = this.#timeOf(exactMs);
    this.#columns.clear();
    this.#times = null;
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || chunk.rows === rowsPerChunk || chunk.bytes > this.#maxBytes / 4) {
      chunk = new Chunk();
      this.#chunks.push(chunk);
    }
    chunk.times[chunk.rows] = timeMs;
    chunk.exactTimes[chunk.rows++] = exactMs;
    const seen = new Set<Entry>();
    for (const group of snapshot.groups) this.#appendGroup(chunk, group, seen);
    this.#forget(timeMs - this.#retentionMs);
  }

  /** timeOf: the multiple of the interval nearest to a time, or where that is taken, what follows the last time. */
  #timeOf(exactMs: number): number {
    const snapped = Math.round(exactMs / this.intervalMs) * this.intervalMs;
    if (this.#chunks.length === 0 || snapped > this.endMs) return snapped;
    return Math.max(exactMs, this.endMs + 0.001);
  }

  #appendGroup(chunk: Chunk<Entry>, group: SnapshotGroup, seen: Set<Entry>): void {
    if (group.schema === null) return;
    const keys = this.#keysOf(group.schema);
    const add = (
      key: string,
      schema: SeriesSchema,
      kind: SeriesKind,
      first: bigint,
      value?: HistogramValue,
    ) => {
      const entry = this.#entryOf(key, schema, kind, first, value);
      // Two series of one identity: the first one counts.
      if (entry === null || seen.has(entry)) return null;
      seen.add(entry);
      const holds = kind === 'histogram' ? chunk.histograms.has(entry) : chunk.floats.has(entry);
      if (!holds) entry.chunks++;
      return entry;
    };
    group.schema.counters.forEach((schema, i) => {
      const value = group.counters[i];
      if (value === undefined || group.countersPresent?.[i] === 0) return;
      const entry = add(keys.counters[i]!, schema, 'counter', value);
      if (entry !== null) chunk.addFloat(entry, Number(value - entry.base));
    });
    group.schema.gauges.forEach((schema, i) => {
      const value = group.gauges[i];
      if (value === undefined || group.gaugesPresent?.[i] === 0) return;
      const entry = add(keys.gauges[i]!, schema, 'gauge', 0n);
      if (entry !== null) chunk.addFloat(entry, Number(value));
    });
    group.schema.histograms.forEach((schema, i) => {
      const value = group.histograms[i];
      if (!value || !isUsable(value)) return;
      const entry = add(keys.histograms[i]!, schema, 'histogram', 0n, value);
      if (entry === null) return;
      const { gained, isReset } = entry.tracker!.gain(value.buckets);
      chunk.addHistogram(entry, gained, isReset, () => sparse(value.buckets));
    });
  }

  #keysOf(schema: NonNullable<SnapshotGroup['schema']>): GroupEntries {
    let keys = this.#groups.get(schema);
    if (keys === undefined) {
      const keyed = (kind: SeriesKind, list: readonly SeriesSchema[]) =>
        list.map(
          (series) => `${kind}${labelKey(labelSet(series.labels))}${series.labels.metric ?? series.name}`,
        );
      keys = {
        counters: keyed('counter', schema.counters),
        gauges: keyed('gauge', schema.gauges),
        histograms: keyed('histogram', schema.histograms),
      };
      this.#groups.set(schema, keys);
    }
    return keys;
  }

  #entryOf(
    key: string,
    { name, labels }: SeriesSchema,
    kind: SeriesKind,
    first: bigint,
    value: HistogramValue | undefined,
  ): Entry | null {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      const config = known.tracker?.config;
      const isSame =
        value === undefined ||
        (config?.groupingPower === value.config.groupingPower &&
          config.maxValuePower === value.config.maxValuePower);
      return isSame ? known : null;
    }
    const isFull = () => (this.#entries.size + 1) * newEntryBytes > this.#maxBytes;
    while (isFull() && this.#chunks.length > 1) this.#dropOldest();
    if (isFull()) {
      this.dropped++;
      return null;
    }
    const metric = labels.metric ?? name;
    const description = this.#descriptions.get(metric);
    const entry: Entry = {
      key,
      series: {
        metric,
        kind,
        labels: Object.fromEntries(Object.entries(labels).filter(([label]) => !notLabels.has(label))),
        ...(labels.unit === undefined ? {} : { unit: labels.unit }),
        ...(description === undefined ? {} : { description }),
        ...(value === undefined ? {} : { histogram: value.config }),
      },
      base: first,
      tracker: value === undefined ? null : new HistogramTracker(value.config, value.buckets.length),
      chunks: 0,
    };
    this.#entries.set(key, entry);
    this.#changed();
    return entry;
  }

  #forget(beforeMs: number): void {
    while (this.#chunks.length > 1 && (this.#chunks[0]!.lastMs < beforeMs || this.bytes > this.#maxBytes))
      this.#dropOldest();
  }

  #dropOldest(): void {
    const chunk = this.#chunks.shift()!;
    for (const entry of [...chunk.floats.keys(), ...chunk.histograms.keys()])
      if (--entry.chunks === 0) {
        this.#entries.delete(entry.key);
        this.#changed();
      }
  }

  #changed(): void {
    this.generation++;
    this.#series = null;
  }

  #list(): { series: Series; entry: Entry }[] {
    this.#series ??= [...this.#entries.values()].map((entry, id) => ({
      series: { id, ...entry.series },
      entry,
    }));
    return this.#series;
  }

  #column(entry: Entry): Column {
    let column = this.#columns.get(entry);
    if (column === undefined) {
      this.#times ??= rowTimes(this.#chunks);
      const { kind } = entry.series;
      column =
        kind === 'histogram'
          ? histogramColumn(this.#chunks, entry, entry.tracker!.config, this.#times)
          : floatColumn(this.#chunks, entry, kind, entry.base, this.#times);
      this.#columns.set(entry, column);
    }
    return column;
  }
}

function isUsable({ config, buckets }: HistogramValue): boolean {
  return isHistogramConfig(config) && bucketCount(config) <= 65_536 && buckets.length === bucketCount(config);
}
