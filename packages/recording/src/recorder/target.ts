import type { Labels, Logger } from '@rezolus/core';
import { sentence } from '@rezolus/core';
import type { RecordingEvent, SourceFacts } from '../facts.ts';
import type { RowSink } from '../parquet/row-sink.ts';
import { ExpositionWriter } from '../prometheus/exposition-writer.ts';
import type { Exposition } from '../prometheus/parse.ts';
import type { ColumnNames } from './column-names.ts';
import type { Endpoint, PrometheusEndpoint } from './endpoint.ts';
import type { EndpointSpec } from './endpoint-spec.ts';
import { openEndpoint } from './open-endpoint.ts';
import { RestartWatch } from './restarts.ts';
import { SnapshotWriter } from './snapshot-writer.ts';

/** TargetSample: what an endpoint answered at one moment. */
export interface TargetSample {
  readonly timestampNs: bigint;
  readonly durationNs: bigint | null;
  /** write: puts the values into the row that the caller has begun. */
  write(): void;
}

/** TargetContext: what targets share. */
export interface TargetContext {
  readonly sink: RowSink;
  readonly log: Logger;
  /** names: column names for a target that is called `name`. */
  names(name: string): ColumnNames;
  /** identify: further labels of the series of an endpoint, by what it says of itself. */
  identify(endpoint: Endpoint | PrometheusEndpoint): Labels;
  /** onFacts: a target has something new to say of itself. */
  onFacts(): void;
  onEvent(event: RecordingEvent): void;
}

/** Target: an endpoint of a recording: probed until it answers, then scraped; away is a gap, not an end. */
export class Target implements Disposable {
  readonly spec: EndpointSpec;
  labels: Labels = {};
  /** What it said when it was found; null until then. */
  endpoint: Endpoint | PrometheusEndpoint | null = null;
  version: string | undefined;
  /** JSON `{metric: sentence}`. */
  descriptions: string | undefined;
  failed = 0;
  firstNs: bigint | undefined;
  lastNs = 0n;
  readonly #context: TargetContext;
  #writer: SnapshotWriter | ExpositionWriter | null = null;
  #restarts: RestartWatch | null = null;
  #described = 0;
  /** Intervals since the last answer. */
  #away = 0;
  #startedAt: number | undefined;

  constructor(spec: EndpointSpec, context: TargetContext) {
    this.spec = spec;
    this.#context = context;
  }

  get series(): number {
    return this.#writer?.series ?? 0;
  }

  /** open: probes the endpoint. Throws as `openEndpoint` does. */
  async open(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const endpoint = await openEndpoint(this.spec, timeoutMs, signal).catch((error) => {
      this.#away = Math.max(this.#away, 1);
      throw error;
    });
    const own = this.#context.identify(endpoint);
    const labels = { ...endpoint.labels, ...own };
    const names = this.#context.names(own[identityKey(endpoint)] ?? endpoint.source);
    this.endpoint = endpoint;
    this.labels = labels;
    const sink = this.#context.sink;
    if (endpoint.protocol === 'msgpack') {
      this.#writer = new SnapshotWriter(sink, labels, names);
      this.descriptions = endpoint.facts.descriptions;
      this.#restarts = new RestartWatch(endpoint, signal, (restart) =>
        this.#context.onEvent({ ...restart, ...identityOf(labels) }),
      );
    } else {
      this.#writer = new ExpositionWriter(sink, names, labels);
    }
    this.#context.onFacts();
  }

  /** sample: the values of now, or null where there are none; the reason is logged and counted. */
  async sample(timeoutMs: number, signal: AbortSignal): Promise<TargetSample | null> {
    try {
      if (this.endpoint === null) await this.open(timeoutMs, signal);
      const sample = await this.#scrape(this.endpoint!, timeoutMs, signal);
      if (this.#away > 0) {
        this.#context.log.warn({ url: this.spec.url, intervals: this.#away }, 'the endpoint is back');
      }
      this.#away = 0;
      return sample;
    } catch (error) {
      if (signal.aborted) return null;
      this.failed++;
      this.#restarts?.lost();
      // Said once, not at every interval.
      if (this.#away++ === 0) {
        this.#context.log.warn({ url: this.spec.url, error: sentence(error) }, 'no sample');
      }
      return null;
    }
  }

  /** settled: resolves when no question to the endpoint is open. */
  async settled(): Promise<void> {
    await this.#restarts?.settled();
  }

  [Symbol.dispose](): void {
    this.endpoint?.[Symbol.dispose]();
  }

  async #scrape(
    endpoint: Endpoint | PrometheusEndpoint,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<TargetSample> {
    if (endpoint.protocol === 'prometheus') {
      const timestampNs = BigInt(Date.now()) * 1_000_000n;
      const exposition = await endpoint.scrape(timeoutMs, signal);
      const helps = [...exposition.families].filter(([, { help }]) => help !== undefined && help !== '');
      if (helps.length > this.#described) {
        this.#described = helps.length;
        const byName = helps.map(([name, { help }]) => [name.replaceAll(':', '_'), help]);
        this.descriptions = JSON.stringify(Object.fromEntries(byName));
        this.#context.onFacts();
      }
      this.#watchStart(exposition, timestampNs);
      const write = () => (this.#writer as ExpositionWriter).write(exposition);
      return this.#seen({ timestampNs, durationNs: 0n, write });
    }
    const snapshot = await endpoint.scrape(timeoutMs, signal);
    const { version } = snapshot.metadata;
    if (version !== undefined && version !== this.version) {
      this.version = version;
      this.#context.onFacts();
    }
    const { systemTimeNs: timestampNs, durationNs } = snapshot;
    const write = () => {
      const writer = this.#writer as SnapshotWriter;
      writer.write(snapshot);
      this.#restarts!.sampled(timestampNs, writer.decreased);
    };
    return this.#seen({ timestampNs, durationNs, write });
  }

  #watchStart({ samples }: Exposition, timestamp: bigint): void {
    const started = samples.find(({ name }) => name === 'process_start_time_seconds')?.value;
    if (started === undefined) return;
    const before = this.#startedAt;
    this.#startedAt = started;
    if (before === undefined || started <= before) return;
    const details = `it began at ${new Date(started * 1000).toISOString()}`;
    const restart = { timestamp, description: 'the target was restarted', kind: 'target_restart', details };
    this.#context.onEvent({ ...restart, ...identityOf(this.labels) });
  }

  #seen(sample: TargetSample): TargetSample {
    this.firstNs ??= sample.timestampNs;
    this.lastNs = sample.timestampNs;
    return sample;
  }
}

/** factsOf: what `per_source_metadata` says of a target; with `nested`, by its node or instance. */
export function factsOf(target: Target, nested: boolean): SourceFacts {
  const { endpoint, spec, labels, version, descriptions } = target;
  const members: Record<string, string> = {};
  if (spec.role !== undefined) members.role = JSON.stringify(spec.role);
  const facts = endpoint?.protocol === 'msgpack' ? endpoint.facts : {};
  if (facts.samplers !== undefined) members.sampler_status = facts.samplers;
  if (!nested) return members;
  const key = endpoint === null ? 'node' : identityKey(endpoint);
  const name = labels[key];
  if (name !== undefined) {
    const own = [`"${key}":${JSON.stringify(name)}`];
    if (version !== undefined) own.push(`"version":${JSON.stringify(version)}`);
    if (facts.systeminfo !== undefined) own.push(`"systeminfo":${facts.systeminfo}`);
    members[name] = `{${own.join(',')}}`;
  }
  if (descriptions !== undefined) members.descriptions = descriptions;
  return members;
}

/** identityKey: the label that tells agents apart, or services. */
function identityKey({ protocol }: Endpoint | PrometheusEndpoint): 'node' | 'instance' {
  return protocol === 'msgpack' ? 'node' : 'instance';
}

function identityOf({ source, node, instance }: Labels): Partial<RecordingEvent> {
  return {
    ...(source !== undefined && { source }),
    ...(node !== undefined && { node }),
    ...(instance !== undefined && { instance }),
  };
}
