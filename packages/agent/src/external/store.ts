import { createHash } from 'node:crypto';
import type { GroupSchema, SampledGroup, SeriesSchema } from '@rezolus/core';
import { checkLabels, checkName, type PushedMetric, type PushedValue, Refused } from './message.ts';

/** StoreLimits: what is kept of what is pushed; `ttlMs` = how long a series stays that is not pushed again. */
export interface StoreLimits {
  readonly ttlMs: number;
  readonly maxMetrics: number;
  readonly maxMetricsPerConnection: number;
  /** Of all series together, as estimated by {@link bytesOf}. */
  readonly maxBytes: number;
}

/** Owner: a connection, with the number of series that it brought. */
export interface Owner {
  series: number;
}

interface Entry {
  readonly series: SeriesSchema;
  readonly owner: Owner;
  readonly pushed: PushedValue;
  readonly bytes: number;
  pushedMs: number;
}

/** A store that is full looks for expired series at most so often, ms. */
const sweepMs = 1000;
/** Of a series beside its texts and buckets. */
const entryBytes = 100;

/**
 * MetricStore: the series that were pushed last, by name and labels. Whoever pushes one again replaces its value; the one
 * who brought it first has it on his account until it expires.
 */
export class MetricStore {
  readonly #limits: StoreLimits;
  readonly #isTaken: (name: string) => boolean;
  readonly #nowMs: () => number;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  #sweptMs = Number.NEGATIVE_INFINITY;
  /** Null where the series have changed since. */
  #sorted: SortedEntries | null = null;

  constructor(limits: StoreLimits, isTaken: (name: string) => boolean, nowMs: () => number) {
    this.#limits = limits;
    this.#isTaken = isTaken;
    this.#nowMs = nowMs;
  }

  /** put: stores a series. Throws {@link Refused}. */
  put(owner: Owner, metric: PushedMetric): void {
    checkName(metric.name);
    checkLabels(metric.labels);
    // Prometheus tells series apart by these ends, too.
    if (this.#isTaken(metric.name) || this.#isTaken(metric.name.replace(/_(total|bucket|count|sum)$/, '')))
      throw new Refused('name_taken');
    const series = seriesOf(metric);
    const before = this.#entries.get(series.name);
    if (before === undefined) this.#makeRoom(owner);
    const bytes = bytesOf(series, metric);
    const added = bytes - (before?.bytes ?? 0);
    if (added > 0 && this.#bytes + added > this.#limits.maxBytes) throw new Refused('max_bytes');
    const sameSeries = before?.pushed.kind === metric.kind && isSameShape(before.pushed, metric);
    const entry = {
      series: sameSeries ? before.series : series,
      owner: before?.owner ?? owner,
      pushed: { kind: metric.kind, value: metric.value } as PushedValue,
      bytes,
      pushedMs: this.#nowMs(),
    };
    if (before === undefined) owner.series++;
    this.#bytes += added;
    this.#entries.set(series.name, entry);
    if (!sameSeries) this.#sorted = null;
  }

  #makeRoom(owner: Owner): void {
    const isFull = () =>
      owner.series >= this.#limits.maxMetricsPerConnection || this.#entries.size >= this.#limits.maxMetrics;
    if (isFull() && this.#nowMs() - this.#sweptMs >= sweepMs) this.expire();
    if (owner.series >= this.#limits.maxMetricsPerConnection) throw new Refused('max_metrics_per_connection');
    if (this.#entries.size >= this.#limits.maxMetrics) throw new Refused('max_metrics');
  }

  /** expire: forgets what was not pushed again in time. */
  expire(): void {
    this.#sweptMs = this.#nowMs();
    const oldest = this.#sweptMs - this.#limits.ttlMs;
    for (const [name, { pushedMs, owner, bytes }] of this.#entries) {
      if (pushedMs >= oldest) continue;
      this.#entries.delete(name);
      owner.series--;
      this.#bytes -= bytes;
      this.#sorted = null;
    }
  }

  /** group: all series as a group, sorted by their names on the wire. They came at times of their own: it has no window. */
  group(): SampledGroup {
    this.#sorted ??= sortEntries(this.#entries);
    const { schema, counters, gauges, histograms } = this.#sorted;
    const values = <V>(names: readonly string[]) =>
      names.map((name) => this.#entries.get(name)!.pushed.value as V);
    return {
      name: 'external/main',
      schema,
      schemaHash: null,
      window: null,
      counters: BigUint64Array.from(values<bigint>(counters)),
      countersPresent: null,
      gauges: BigInt64Array.from(values<bigint>(gauges)),
      gaugesPresent: null,
      histograms: values(histograms),
    };
  }
}

interface SortedEntries {
  readonly schema: GroupSchema;
  readonly counters: readonly string[];
  readonly gauges: readonly string[];
  readonly histograms: readonly string[];
}

function sortEntries(entries: ReadonlyMap<string, Entry>): SortedEntries {
  const all = [...entries.values()].sort((a, b) => (a.series.name < b.series.name ? -1 : 1));
  const of = (kind: PushedValue['kind']) =>
    all.filter(({ pushed }) => pushed.kind === kind).map(({ series }) => series);
  const schema = { counters: of('counter'), gauges: of('gauge'), histograms: of('histogram') };
  const names = (series: readonly SeriesSchema[]) => series.map(({ name }) => name);
  return {
    schema,
    counters: names(schema.counters),
    gauges: names(schema.gauges),
    histograms: names(schema.histograms),
  };
}

/** seriesOf: a series as it travels: `external/<metric>#<16 digits for its labels>`, with the metadata of the original. */
function seriesOf({ name, labels, ...pushed }: PushedMetric): SeriesSchema {
  const sorted = [...labels].sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 16);
  const powers: [string, string][] =
    pushed.kind === 'histogram'
      ? [
          ['grouping_power', String(pushed.value.config.groupingPower)],
          ['max_value_power', String(pushed.value.config.maxValuePower)],
        ]
      : [];
  return {
    name: `external/${name}#${hash}`,
    labels: Object.fromEntries([...sorted, ...powers, ['metric', name], ['source', 'external']]),
  };
}

function isSameShape(before: PushedValue, now: PushedValue): boolean {
  if (before.kind !== 'histogram' || now.kind !== 'histogram') return true;
  const [a, b] = [before.value.config, now.value.config];
  return a.groupingPower === b.groupingPower && a.maxValuePower === b.maxValuePower;
}

/** bytesOf: what a series takes, roughly: its texts, some two times, and its buckets. */
function bytesOf({ name, labels }: SeriesSchema, pushed: PushedValue): number {
  const texts = Object.entries(labels).reduce(
    (sum, [key, value]) => sum + key.length + value.length,
    name.length,
  );
  return entryBytes + 2 * texts + (pushed.kind === 'histogram' ? pushed.value.buckets.byteLength : 8);
}
