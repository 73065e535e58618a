import type { Column, FloatColumn, Series, SeriesKind, Source } from '@rezolus/query';
import type { RecordingColumn } from './reader/columns.ts';
import type { ColumnData, FloatData, ScalarData } from './reader/data.ts';
import type { Recording } from './reader/recording.ts';
import { type HistogramPart, histogramPart, joinHistograms } from './source/histogram-part.ts';
import { type RowTimes, rowTimes, snap } from './source/row-times.ts';
import { asDoubles, firstValue, joinScalars, scalarPart } from './source/scalar-part.ts';

/** RecordingSourceOptions: `cacheBytes` bounds the decoded columns that are kept, default 256 MiB. */
export interface RecordingSourceOptions {
  readonly cacheBytes?: number;
}

/** Field metadata that is not a label. */
const notLabels = new Set(['metric', 'metric_type', 'unit', 'grouping_power', 'max_value_power']);

type Part = FloatColumn | HistogramPart;

/** Loaded: a column decoded for the row groups `from` to `to`. */
interface Loaded {
  readonly part: Part;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

/**
 * recordingSource: the series of a recording for the query engine. Columns are decoded for the row groups that a query
 * needs and kept, the least recently used ones dropped first. Times are those of `rowTimes`. `load` throws
 * REZ_ERR_RECORDING_FORMAT for damaged pages and RangeError for an id that is not a series.
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
  readonly #series: readonly Series[];
  /** File positions of the columns of the series: one, or those that hold it in turn. */
  readonly #columns: readonly (readonly number[])[];
  /** Row number at which each row group starts, and the number of rows. */
  readonly #starts: readonly number[];
  /** By id; the order of insertion is the order of use. */
  readonly #loaded = new Map<number, Loaded>();
  #bytes = 0;
  #times: Promise<RowTimes> | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(recording: Recording, { cacheBytes = 256 * 2 ** 20 }: RecordingSourceOptions) {
    this.#recording = recording;
    this.#budget = cacheBytes;
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
    this.#times ??= this.#recording
      .readTimestamps()
      .then((timestamps) => rowTimes(timestamps, this.intervalMs));
    const rows = await this.#times;
    const [from, to] = this.#groupsWithin(startMs, endMs);
    const wanted = new Map<number, { from: number; to: number; parts: Map<number, Part> }>();
    for (const id of ids) {
      const known = this.#loaded.get(id);
      if (known !== undefined && known.from <= from && known.to >= to) continue;
      wanted.set(id, {
        from: Math.min(from, known?.from ?? from),
        to: Math.max(to, known?.to ?? to),
        parts: new Map(known === undefined ? [] : [[known.from, known.part]]),
      });
    }
    const isKnown = (id: number, group: number) => {
      const known = this.#loaded.get(id);
      return known !== undefined && known.from <= group && group <= known.to;
    };
    for (let group = 0; group < this.#starts.length - 1; group++) {
      const missing = [...wanted.keys()].filter((id) => {
        const range = wanted.get(id)!;
        return range.from <= group && group <= range.to && !isKnown(id, group);
      });
      if (missing.length === 0) continue;
      signal?.throwIfAborted();
      const data = await this.#recording.read(
        missing.flatMap((id) => this.#column(id)),
        group,
      );
      for (const id of missing) {
        const { parts } = wanted.get(id)!;
        const own = data.splice(0, this.#column(id).length);
        const whole = own.length === 1 ? own[0]! : asDoubles(own as (ScalarData | FloatData)[]);
        parts.set(group, this.#part(id, whole, group, rows, [...parts.values()]));
      }
    }
    for (const [id, { from, to, parts }] of wanted) this.#keep(id, from, to, parts, rows);
    const columns = ids.map((id) => this.#use(id));
    this.#evict();
    return columns;
  }

  #column(id: number): readonly number[] {
    const column = this.#columns[id];
    if (column === undefined) throw new RangeError(`there is no series ${id}`);
    return column;
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

  #part(id: number, data: ColumnData, group: number, rows: RowTimes, known: readonly Part[]): Part {
    const [start, end] = [this.#starts[group]!, this.#starts[group + 1] ?? 0];
    const times = rows.times.subarray(start, end);
    const kept = rows.kept?.subarray(start, end) ?? null;
    if (data.kind === 'histogram') {
      return histogramPart(data, this.#series[id]!.histogram!, times, kept);
    }
    const based = known.find((part): part is FloatColumn => 'base' in part && part.times.length > 0);
    const base = data.kind === 'unsigned' ? (based?.base ?? firstValue(data) ?? 0n) : 0n;
    return scalarPart(this.#series[id]!.kind as 'counter' | 'gauge', data, times, kept, base);
  }

  /** emptyPart: what a series of a recording without rows has. */
  #emptyPart(id: number, rows: RowTimes): Part {
    const { kind } = this.#series[id]!;
    const [counts, starts, buckets] = [new BigUint64Array(0), new Uint32Array(1), new Uint16Array(0)];
    const data: ColumnData =
      kind === 'histogram'
        ? { kind, starts, buckets, counts, valid: null }
        : { kind: kind === 'gauge' ? 'signed' : 'unsigned', values: counts, valid: null };
    return this.#part(id, data, 0, { times: rows.times, kept: null }, []);
  }

  #keep(id: number, from: number, to: number, parts: ReadonlyMap<number, Part>, rows: RowTimes): void {
    const ordered = [...parts].sort(([a], [b]) => a - b).map(([, part]) => part);
    if (ordered.length === 0) ordered.push(this.#emptyPart(id, rows));
    const times = rows.times.subarray(this.#starts[from], this.#starts[to + 1]);
    const part =
      this.#series[id]!.kind === 'histogram'
        ? joinHistograms(ordered as HistogramPart[], times)
        : joinScalars(ordered as FloatColumn[], times);
    this.#drop(id);
    const bytes = sizeOf(part, rows.times);
    this.#loaded.set(id, { part, from, to, bytes });
    this.#bytes += bytes;
  }

  #use(id: number): Column {
    const loaded = this.#loaded.get(id)!;
    this.#loaded.delete(id);
    this.#loaded.set(id, loaded);
    return 'column' in loaded.part ? loaded.part.column : loaded.part;
  }

  #evict(): void {
    for (const id of this.#loaded.keys()) {
      if (this.#bytes <= this.#budget) return;
      this.#drop(id);
    }
  }

  #drop(id: number): void {
    this.#bytes -= this.#loaded.get(id)?.bytes ?? 0;
    this.#loaded.delete(id);
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

function sizeOf(part: Part, rowTimes: Float64Array): number {
  const own = (times: Float64Array) => (times.buffer === rowTimes.buffer ? 0 : times.byteLength);
  if (!('column' in part)) return own(part.times) + part.values.byteLength;
  const { times, starts, buckets, counts, resets } = part.column;
  return own(times) + starts.byteLength + buckets.byteLength + counts.byteLength + resets.byteLength;
}
