import { RezolusError } from '@rezolus/core/errors';
import type { Column, Series, SeriesKind, Source } from '@rezolus/query';
import { UnknownPage } from './parquet/page-reader.ts';
import type { RecordingColumn } from './reader/columns.ts';
import type { ColumnData, FloatData, HistogramData, ScalarData } from './reader/data.ts';
import { damaged, type Recording } from './reader/recording.ts';
import type { GroupColumn, GroupDecoder } from './source/decode-group.ts';
import { HistogramSeries } from './source/histogram-series.ts';
import { asDoubles } from './source/join-columns.ts';
import { type RowRange, type RowTimes, rowRange, rowTimes, snap } from './source/row-times.ts';
import { type ScalarEncoding, ScalarSeries } from './source/scalar-series.ts';

/**
 * RecordingSourceOptions: `cacheBytes` bounds the decoded columns that are kept, default 256 MiB; `maxLoadBytes` those
 * of one query, default 384 MiB; `helper` decodes a part of what is much.
 */
export interface RecordingSourceOptions {
  readonly cacheBytes?: number;
  readonly maxLoadBytes?: number;
  readonly helper?: GroupDecoder | undefined;
}

/** Field metadata that is not a label. */
const notLabels = new Set(['metric', 'metric_type', 'unit', 'grouping_power', 'max_value_power']);

/** Loaded: a series and the row groups of it that are decoded. */
interface Loaded {
  readonly data: ScalarSeries | HistogramSeries;
  readonly groups: Uint8Array;
}

/**
 * recordingSource: the series of a recording for the query engine. Columns are decoded for the row groups that a query
 * needs and kept, the least recently used ones dropped first. Times are those of `rowTimes`. `load` throws
 * REZ_ERR_RECORDING_FORMAT for damaged pages, REZ_ERR_QUERY_LIMIT above `maxLoadBytes` and RangeError for an id that is
 * not a series.
 */
export function recordingSource(recording: Recording, options: RecordingSourceOptions = {}): Source {
  return new RecordingSource(recording, options);
}

class RecordingSource implements Source {
  readonly generation = 0;
  readonly intervalMs: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly #recording: Recording;
  readonly #budget: number;
  readonly #maxLoad: number;
  readonly #helper: GroupDecoder | undefined;
  readonly #series: readonly Series[];
  /** File positions of the columns of the series: one, or those that hold it in turn. */
  readonly #columns: readonly (readonly number[])[];
  /** Row number at which each row group starts, and the number of rows. */
  readonly #starts: readonly number[];
  /** By id; the order of insertion is the order of use. */
  readonly #loaded = new Map<number, Loaded>();
  #times: Promise<RowTimes> | undefined;
  /** The last ranges of rows: columns of one range share their times. */
  #ranges: RowRange[] = [];
  #queue: Promise<unknown> = Promise.resolve();

  constructor(recording: Recording, options: RecordingSourceOptions) {
    this.#recording = recording;
    this.#budget = options.cacheBytes ?? 256 * 2 ** 20;
    this.#maxLoad = options.maxLoadBytes ?? 384 * 2 ** 20;
    this.#helper = options.helper;
    const { intervalMs, rowGroups } = recording;
    this.intervalMs = intervalMs;
    const filled = rowGroups.filter(({ rows }) => rows > 0);
    const bound = (ns: bigint) => snap(Number(ns / 1000n) / 1000, intervalMs);
    this.startMs = filled.reduce((least, { firstNs }) => Math.min(least, bound(firstNs)), Number.MAX_VALUE);
    this.endMs = filled.reduce((most, { lastNs }) => Math.max(most, bound(lastNs)), 0);
    if (filled.length === 0) this.startMs = 0;
    const descriptions = parseDescriptions(recording.metadata.get('descriptions'));
    const columns = recording.columns.filter(({ kind }) => seriesKinds.has(kind as SeriesKind));
    const joined = joinColumns(columns);
    this.#columns = joined.map((parts) => parts.map(({ index }) => index));
    this.#series = joined.map(([column], id) => describe(id, column!, descriptions));
    const starts = [0];
    for (const { rows } of rowGroups) starts.push(starts.at(-1)! + rows);
    this.#starts = starts;
  }

  series(): readonly Series[] {
    return this.#series;
  }

  load(ids: readonly number[], startMs: number, endMs: number, signal?: AbortSignal): Promise<Column[]> {
    // One at a time, so that two queries for one column decode it once.
    const turn = this.#queue.then(() => this.#load(ids, startMs, endMs, signal));
    this.#queue = turn.catch(() => {});
    return turn;
  }

  async #load(
    ids: readonly number[],
    startMs: number,
    endMs: number,
    signal?: AbortSignal,
  ): Promise<Column[]> {
    signal?.throwIfAborted();
    const rows = await this.#rowTimes();
    const [from, to] = this.#groupsWithin(startMs, endMs);
    const range = this.#range(rows, this.#starts[from] ?? 0, this.#starts[to + 1] ?? 0);
    const decoded = await this.#ensure([...new Set(ids)], from, to, rows.kept, signal);
    const columns = ids.map((id) => this.#loaded.get(id)!.data.column(range));
    if (decoded) this.#evict();
    return columns;
  }

  /** Where there is a helper, and room for all that will be asked for, it is decoded at once, by both. */
  prefetch(ids: readonly number[], startMs: number, endMs: number, signal?: AbortSignal): Promise<void> {
    const [from, to] = this.#groupsWithin(startMs, endMs);
    const rows = (this.#starts[to + 1] ?? 0) - (this.#starts[from] ?? 0);
    const bytes = ids.reduce((sum, id) => sum + rows * rowBytes(this.#series[id]?.kind), 0);
    if (this.#helper === undefined || bytes > this.#budget) return Promise.resolve();
    const turn = this.#queue.then(async () => {
      signal?.throwIfAborted();
      await this.#ensure([...new Set(ids)], from, to, (await this.#rowTimes()).kept, signal);
    });
    this.#queue = turn.catch(() => {});
    return turn;
  }

  #rowTimes(): Promise<RowTimes> {
    this.#times ??= this.#recording
      .readTimestamps()
      .then((timestamps) => rowTimes(timestamps, this.intervalMs));
    return this.#times;
  }

  /** ensure: decodes what is missing of these series in the row groups `from` to `to`; false where nothing was. */
  async #ensure(
    ids: readonly number[],
    from: number,
    to: number,
    kept: Uint8Array | null,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    for (const id of ids) this.#touch(id);
    const loaded = new Map(ids.map((id) => [id, this.#loaded.get(id)!]));
    const missing = (group: number) => ids.filter((id) => loaded.get(id)!.groups[group] === 0);
    const groups: number[] = [];
    for (let group = from; group <= to && group < this.#starts.length - 1; group++)
      if (missing(group).length > 0) groups.push(group);
    const decoded = groups.length > 0;
    const helped = this.#help(loaded, groups, kept, missing, signal);
    try {
      for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
        signal?.throwIfAborted();
        await this.#decode(missing(group), group, kept);
        this.#check(ids);
      }
    } finally {
      groups.length = 0;
      await helped;
    }
    for (let group = from; decoded && group <= to; group++)
      if (missing(group).length > 0) await this.#decode(missing(group), group, kept);
    this.#check(ids);
    return decoded;
  }

  /** help: takes row groups from the end of the list and has the helper decode them. What it cannot do stays missing. */
  async #help(
    loaded: ReadonlyMap<number, Loaded>,
    groups: number[],
    kept: Uint8Array | null,
    missing: (group: number) => number[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const helper = this.#helper;
    const simple = [...loaded.keys()].every((id) => this.#column(id).length === 1);
    if (helper === undefined || kept !== null || !simple || groups.length < leastGroups) return;
    const take = async () => {
      for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
        if (signal?.aborted) return;
        const wanted = missing(group);
        const columns = wanted.map((id): GroupColumn => {
          const column = this.#column(id)[0]!;
          const { histogram } = this.#series[id]!;
          return histogram === undefined ? { column, encoding: this.#encoding(id) } : { column, histogram };
        });
        const parts = await helper.decode(group, columns);
        for (const [i, part] of (parts ?? []).entries()) {
          const { data, groups: done } = loaded.get(wanted[i]!)!;
          data.addPart(part as never, this.#starts[group]!);
          done[group] = 1;
        }
      }
    };
    await Promise.all(Array.from({ length: helper.parallel }, take));
  }

  /** decode: one row group of these series. */
  async #decode(ids: readonly number[], group: number, kept: Uint8Array | null): Promise<void> {
    const single = ids.filter((id) => this.#column(id).length === 1);
    const pages = await this.#recording.readPages(
      single.map((id) => this.#column(id)[0]!),
      group,
    );
    const others = ids.filter((id) => this.#column(id).length > 1);
    const start = this.#starts[group]!;
    const count = this.#starts[group + 1]! - start;
    try {
      for (const [i, id] of single.entries()) {
        const { data, groups } = this.#loaded.get(id)!;
        try {
          if (pages[i] == null) others.push(id);
          else {
            data.addPages(pages[i], start, count, kept);
            groups[group] = 1;
          }
        } catch (error) {
          if (!(error instanceof UnknownPage)) throw error;
          others.push(id);
        }
      }
    } catch (cause) {
      throw damaged(cause);
    }
    for (const id of others) {
      const { data, groups } = this.#loaded.get(id)!;
      const own = await this.#recording.read(this.#column(id), group);
      const whole: ColumnData = own.length === 1 ? own[0]! : asDoubles(own as (ScalarData | FloatData)[]);
      if (data instanceof HistogramSeries) data.addData(whole as HistogramData, start, kept);
      else data.addData(whole as ScalarData | FloatData, start);
      groups[group] = 1;
    }
  }

  /** touch: makes room for a series, or makes it the one that was used last. */
  #touch(id: number): void {
    const loaded = this.#loaded.get(id) ?? this.#create(id);
    this.#loaded.delete(id);
    this.#loaded.set(id, loaded);
  }

  #create(id: number): Loaded {
    const { kind, histogram } = this.#series[id] ?? {};
    const data =
      histogram === undefined
        ? new ScalarSeries(
            kind as 'counter' | 'gauge',
            this.#encoding(id),
            new Float64Array(this.#starts.at(-1)!),
          )
        : new HistogramSeries(histogram);
    return { data, groups: new Uint8Array(this.#starts.length - 1) };
  }

  #encoding(id: number): ScalarEncoding {
    const columns = this.#column(id).map((index) => this.#recording.columns[index]!);
    if (columns.some(({ float }) => float === true)) return 'float';
    return this.#series[id]!.kind === 'gauge' ? 'signed' : 'unsigned';
  }

  #column(id: number): readonly number[] {
    const column = this.#columns[id];
    if (column === undefined) throw new RangeError(`there is no series ${id}`);
    return column;
  }

  #range(rows: RowTimes, start: number, end: number): RowRange {
    let range = this.#ranges.find((known) => known.start === start && known.end === end);
    if (range === undefined) {
      range = rowRange(rows, start, end);
      this.#ranges = [range, ...this.#ranges.slice(0, 3)];
    }
    return range;
  }

  #check(ids: readonly number[]): void {
    const bytes = ids.reduce((sum, id) => sum + this.#loaded.get(id)!.data.bytes, 0);
    if (bytes <= this.#maxLoad) return;
    for (const id of ids) this.#loaded.delete(id);
    const most = Math.round(this.#maxLoad / 2 ** 20);
    throw new RezolusError(
      'REZ_ERR_QUERY_LIMIT',
      `the query reads more than ${most} MiB of samples at once: use a shorter range or fewer series`,
    );
  }

  #evict(): void {
    let bytes = 0;
    for (const { data } of this.#loaded.values()) bytes += data.bytes;
    for (const [id, { data }] of this.#loaded) {
      if (bytes <= this.#budget) return;
      bytes -= data.bytes;
      this.#loaded.delete(id);
    }
  }

  /** groupsWithin: first and last row group that overlap a time range, widened by half an interval for rows that moved. */
  #groupsWithin(startMs: number, endMs: number): [number, number] {
    const groups = this.#recording.rowGroups;
    const slack = this.intervalMs / 2;
    const within = groups.filter(
      ({ firstNs, lastNs }) =>
        Number(lastNs) / 1e6 >= startMs - slack && Number(firstNs) / 1e6 <= endMs + slack,
    );
    return [within[0]?.index ?? 0, within.at(-1)?.index ?? Math.min(0, groups.length - 1)];
  }
}

/** joinColumns: columns by series: those that differ in nothing but their type, one of them of doubles, are one. */
function joinColumns(columns: readonly RecordingColumn[]): RecordingColumn[][] {
  const identity = ({ kind, metadata }: RecordingColumn) =>
    JSON.stringify([kind, ...Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))]);
  const floats = new Set(columns.filter(({ float }) => float === true).map(identity));
  if (floats.size === 0) return columns.map((column) => [column]);
  const joined = new Map<string | number, RecordingColumn[]>();
  for (const column of columns) {
    const own = identity(column);
    const key = column.metadata.metric !== undefined && floats.has(own) ? own : column.index;
    const known = joined.get(key);
    if (known === undefined) joined.set(key, [column]);
    else known.push(column);
  }
  return [...joined.values()];
}

/** Fewer row groups are decoded sooner than a helper has begun. */
const leastGroups = 6;

/** rowBytes: what a row of a series takes, about. */
function rowBytes(kind: SeriesKind | undefined): number {
  return kind === 'histogram' ? 300 : 8;
}

const seriesKinds: ReadonlySet<string> = new Set<SeriesKind>(['counter', 'gauge', 'histogram']);

function describe(id: number, column: RecordingColumn, descriptions: ReadonlyMap<string, string>): Series {
  const { metadata, histogram } = column;
  const metric = metadata.metric ?? column.name.replace(/:buckets$/, '');
  const description = descriptions.get(metric);
  return {
    id,
    metric,
    kind: column.kind as SeriesKind,
    labels: Object.fromEntries(Object.entries(metadata).filter(([key]) => !notLabels.has(key))),
    ...(metadata.unit === undefined ? {} : { unit: metadata.unit }),
    ...(description === undefined ? {} : { description }),
    ...(histogram === undefined ? {} : { histogram }),
  };
}

/** parseDescriptions: the file key `descriptions`; a recording without, or with a damaged one, has none. */
function parseDescriptions(json: string | undefined): Map<string, string> {
  try {
    const parsed: unknown = JSON.parse(json ?? '{}');
    const entries = Object.entries(parsed as object).filter(([, value]) => typeof value === 'string');
    return new Map(entries as [string, string][]);
  } catch {
    return new Map();
  }
}
