import { setTimeout as wait } from 'node:timers/promises';
import { RezolusError } from '@rezolus/core';
import { metricOf } from '@rezolus/exposition';
import type { Column, Series, Source } from '@rezolus/query';
import type { Capture } from '../../contract.ts';
import { encodeRange } from '../../wire.ts';
import { lineMerger, mergeBuckets, mergeWidth } from '../decimate.ts';
import type { Queries } from '../queries.ts';
import type { RangeRequest } from '../range.ts';
import { encodeSpreads, spreadsOf } from '../shifts/spreads.ts';
import type { LiveFeed, ViewerSource } from '../source.ts';
import { PrometheusClient, rangeParams } from './client.ts';
import { bucketsOf, linesOf } from './replies.ts';
import { heatmapAsked, type RemoteMetric, remoteQuery } from './rewrite.ts';

/** How far back the time bar reaches. */
const spanMs = 6 * 3_600_000;
/** Prometheus gives at most 11,000 points per series. */
const maxSteps = 10_000;
/** Machines whose series stand for those of all: they differ in what they have, but not much. */
const samples = 3;
const seriesPeriodMs = 60_000;
const recentMs = 15 * 60_000;
const nodeLabel = 'instance';
/** What tells a machine that is watched by our exporter from other targets. */
const probes = [
  'rezolus_exporter_agent_up',
  '{__name__=~"cpu_usage_total|cpu_cores|scheduler_context_switch_total"}',
];

/**
 * prometheusSource: what a Prometheus-compatible server at `url` knows of machines that run Rezolus, under our own names.
 * Queries are rewritten and answered by the server; `nodes` are its values of `instance`.
 * `httpConfigFile` has the credentials. Throws REZ_ERR_CONFIG_INVALID
 * for what is no URL, REZ_ERR_ENDPOINT_UNREACHABLE and REZ_ERR_ENDPOINT_RESPONSE.
 */
export async function prometheusSource(url: string, httpConfigFile = ''): Promise<ViewerSource> {
  const source = new PrometheusSource(await PrometheusClient.open(url, httpConfigFile));
  await source.start();
  return source;
}

class PrometheusSource implements ViewerSource, Source, Queries, LiveFeed {
  readonly kind = 'prometheus';
  readonly source: Source = this;
  readonly queries: Queries = this;
  readonly live: LiveFeed = this;
  readonly systeminfo = null;
  connected = true;
  generation = 0;
  intervalMs = 15_000;
  endMs = Date.now();
  nodes: Capture['nodes'] = null;
  metadata: Readonly<Record<string, string>> = {};
  readonly #client: PrometheusClient;
  readonly #listeners = new Set<() => void>();
  readonly #stop = new AbortController();
  #series: readonly Series[] = [];
  #metrics: ReadonlyMap<string, RemoteMetric> = new Map();
  #running: Promise<void> = Promise.resolve();

  constructor(client: PrometheusClient) {
    this.#client = client;
  }

  get name(): string {
    return this.#client.origin;
  }

  get startMs(): number {
    return this.endMs - spanMs;
  }

  async start(): Promise<void> {
    const { signal } = this.#stop;
    const build = await this.#client
      .data<{ version?: string }>('status/buildinfo', [], signal)
      .catch(() => ({}));
    this.metadata = { source: 'prometheus', ...build };
    await this.#look(signal);
    this.#running = this.#run(signal);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#client[Symbol.dispose]();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  series(): readonly Series[] {
    return this.#series;
  }

  load(): Promise<Column[]> {
    return Promise.reject(
      new RezolusError('REZ_ERR_QUERY_EXECUTION', 'samples are on the server: ask its queries'),
    );
  }

  async range(request: RangeRequest, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const { query, points, shiftMs = 0 } = request;
    const heatmap = heatmapAsked(query);
    const budget = heatmap ? points : maxSteps;
    const asked = {
      startMs: request.startMs - shiftMs,
      endMs: request.endMs - shiftMs,
      stepMs: request.stepMs,
    };
    const stepMs = mergeWidth(asked, budget);
    const window = {
      startMs: Math.ceil(asked.startMs / stepMs) * stepMs,
      endMs: Math.floor(asked.endMs / stepMs) * stepMs,
      stepMs,
    };
    const rangeMs = this.#rangeFor(stepMs);
    const result = await this.#client.range(this.#rewrite(query, rangeMs), window, signal);
    if (heatmap) return encodeRange(mergeBuckets(bucketsOf(result, shiftMs), points));
    const lines = linesOf(result, shiftMs);
    const isMerged = mergeWidth(window, points) > stepMs;
    return encodeRange({ kind: 'lines', series: isMerged ? lines.map(lineMerger(window, points)) : lines });
  }

  async spreads(
    request: Parameters<Queries['spreads']>[0],
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const queryRange: Parameters<typeof spreadsOf>[0]['queryRange'] = async ({ query, ...window }) => {
      const rangeMs = this.#rangeFor(window.stepMs);
      const series = await this.#client.range(this.#rewrite(query, rangeMs), window, signal);
      return { result: { kind: 'matrix', series: linesOf(series, 0) }, warnings: [], infos: [] };
    };
    return encodeSpreads(await spreadsOf({ queryRange }, request, { signal }));
  }

  matrix(
    { query, startMs, endMs, stepMs }: Parameters<Queries['matrix']>[0],
    signal: AbortSignal,
  ): Promise<string> {
    const remote = this.#rewrite(query, this.#rangeFor(stepMs));
    return this.#client.text('query_range', rangeParams(remote, startMs, endMs, stepMs), signal);
  }

  instant({ query, timeMs }: Parameters<Queries['instant']>[0], signal: AbortSignal): Promise<string> {
    const remote = this.#rewrite(query, this.#rangeFor(this.intervalMs));
    const params: [string, string][] = [
      ['query', remote],
      ['time', String(timeMs / 1000)],
    ];
    return this.#client.text('query', params, signal);
  }

  #rewrite(query: string, rangeMs: number): string {
    return remoteQuery(query, this.#metrics, rangeMs, this.nodes === null ? undefined : nodeLabel);
  }

  /** A rate needs two samples, and four intervals survive a failed scrape. */
  #rangeFor(stepMs: number): number {
    return Math.max(4 * this.intervalMs, stepMs);
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let looked = Date.now(); ; ) {
      await wait(Math.max(1000, this.intervalMs), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      this.endMs = Date.now();
      if (this.endMs - looked > seriesPeriodMs || !this.connected || this.#series.length === 0) {
        looked = this.endMs;
        await this.#look(signal).then(
          () => this.#setConnected(true),
          () => this.#setConnected(false),
        );
        if (signal.aborted) return;
      }
      for (const listener of this.#listeners) listener();
    }
  }

  #setConnected(connected: boolean): void {
    this.connected = connected;
  }

  /** look: finds the machines, what they are measured for, and how often. */
  async #look(signal: AbortSignal): Promise<void> {
    const client = this.#client;
    const window: [string, string][] = [
      ['start', String((Date.now() - recentMs) / 1000)],
      ['end', String(Date.now() / 1000)],
    ];
    const instancesOf = (match: string) =>
      client.list<string>(`label/${nodeLabel}/values`, [['match[]', match], ...window], signal);
    let instances: string[] = [];
    for (const probe of probes)
      if (instances.length === 0) instances = [...(await instancesOf(probe))].sort();
    const nodes = instances.length > 1 ? { label: nodeLabel, values: instances } : null;
    const [types, found] = await Promise.all([
      client
        .data<Record<string, { type?: string; help?: string }[]>>('metadata', [], signal)
        .catch(() => ({})),
      Promise.all(
        instances.slice(0, samples).map((instance) => {
          const match = `{${nodeLabel}=${JSON.stringify(instance)}}`;
          return client.list<Record<string, string>>('series', [['match[]', match], ...window], signal);
        }),
      ),
    ]);
    const { series, metrics } = seriesOf(found.flat(), types);
    if (JSON.stringify([series, nodes]) !== JSON.stringify([this.#series, this.nodes])) {
      this.nodes = nodes;
      this.#series = series;
      this.#metrics = metrics;
      this.generation++;
    }
    this.intervalMs = await this.#measureInterval(instances[0], signal);
    this.endMs = Date.now();
  }

  /** measureInterval: the distance of the last samples of a machine, rounded to seconds. */
  async #measureInterval(instance: string | undefined, signal: AbortSignal): Promise<number> {
    if (instance === undefined) return this.intervalMs;
    const query = `up{${nodeLabel}=${JSON.stringify(instance)}}[5m]`;
    const { result = [] } = await this.#client.data<{ result?: { values?: [number, string][] }[] }>(
      'query',
      [['query', query]],
      signal,
    );
    const times = (result[0]?.values ?? []).map(([seconds]) => seconds);
    const gaps = times
      .slice(1)
      .map((time, i) => time - times[i]!)
      .sort((a, b) => a - b);
    const median = gaps[Math.floor(gaps.length / 2)];
    return median === undefined ? this.intervalMs : Math.max(1, Math.round(median)) * 1000;
  }
}

type Types = Readonly<Record<string, readonly { readonly type?: string; readonly help?: string }[]>>;

/** seriesOf: series of a server under our names, without what tells machines and buckets apart. */
function seriesOf(
  found: readonly Readonly<Record<string, string>>[],
  types: Types,
): { series: Series[]; metrics: Map<string, RemoteMetric> } {
  const metrics = new Map<string, RemoteMetric>();
  const known = new Map<string, Series>();
  for (const { __name__: name = '', instance: _, job: __, le, ...labels } of found) {
    const base = le === undefined ? name : name.replace(/_bucket$/, '');
    const classicPart = /_(count|sum)$/.test(name) && types[name.replace(/_(count|sum)$/, '')] !== undefined;
    const { type, help } = types[base]?.[0] ?? types[name.replace(/_total$/, '')]?.[0] ?? {};
    const metric = classicPart ? null : metricOf(base, le === undefined ? type : 'histogram', help);
    if (metric === null) continue;
    const key = JSON.stringify([metric.metric, Object.entries(labels).sort()]);
    // Where some machines have native histograms and others classic ones, the native ones are shown.
    if (metrics.get(metric.metric)?.classic !== false) {
      metrics.set(metric.metric, { name: base, kind: metric.kind, classic: le !== undefined });
    }
    if (known.has(key)) continue;
    known.set(key, {
      id: known.size,
      metric: metric.metric,
      kind: metric.kind,
      labels,
      ...(metric.unit === '' ? {} : { unit: metric.unit }),
      ...(help === undefined ? {} : { description: help }),
    });
  }
  return { series: [...known.values()], metrics };
}
