import type { HistogramValue, Snapshot } from '@rezolus/core';
import { ProtobufWriter } from '../protobuf/writer.ts';
import { bucketMidpoints, classicLayout } from './classic.ts';
import { type NativeHistogram, toNative, zeroThreshold } from './native.ts';
import type { ExportCounts, OwnFamily, PrometheusOptions } from './options.ts';
import { type Family, Planner } from './plan.ts';
import { counts } from './quantiles.ts';
import { metricTypes, RequestV1, RequestV2, type WriteTarget } from './remote-write-request.ts';
import type { LabelPairs } from './schema-plan.ts';
import { exactSum } from './sums.ts';

/** WriteRequest: a remote-write message, not compressed, and how many samples it holds. */
export interface WriteRequest {
  readonly body: Uint8Array;
  readonly samples: number;
}

/** RemoteWriteVersion: prometheus.WriteRequest or io.prometheus.write.v2.Request. */
export type RemoteWriteVersion = '1.0' | '2.0';

/** More samples go into another request. */
const maxSamples = 5000;

/** The NaN that ends a series (prometheus/model/value, StaleNaN). */
const staleNaN = 0x7ff0000000000002n;

/**
 * RemoteWriteEncoder: snapshots as remote-write requests (prometheus.io/docs/specs/prw). Series that were in the last call
 * and are not in this one, or all of them where the agent is away, get a stale marker.
 */
export class RemoteWriteEncoder {
  readonly #version: RemoteWriteVersion;
  readonly #options: PrometheusOptions;
  readonly #external: LabelPairs;
  readonly #planner: Planner<WriteTarget>;
  #last: readonly Family<WriteTarget>[] = [];
  #lastMs = 0;
  #requests: WriteRequest[] = [];
  #request: RequestV1 | RequestV2;
  #scratch = new Float64Array(0);

  /** `external` are labels that every series gets, e.g. `job` and `instance`; a label of the series goes first. */
  constructor(
    version: RemoteWriteVersion,
    options: PrometheusOptions,
    external: Readonly<Record<string, string>>,
  ) {
    this.#version = version;
    this.#options = options;
    this.#external = Object.entries(external);
    const perHistogram = options.nativeHistograms
      ? 1
      : classicLayout({ groupingPower: 3, maxValuePower: 64 }, options.classicGroupingPower).count + 2;
    this.#planner = new Planner(options, 'underscores', perHistogram, (name, labels, kind) =>
      this.#target(kind === 'counter' ? `${name}_total` : name, labels),
    );
    this.#request = this.#newRequest();
  }

  /** prepare: what the requests from this snapshot will hold and leave out. */
  prepare(snapshot: Snapshot): ExportCounts {
    this.#planner.plan(snapshot);
    return this.#planner.counts;
  }

  /**
   * encode: the requests of one moment: series of the agent at the time of its snapshot by its clock, `own` at `nowMs` of
   * Unix time by ours. `snapshot` null is an agent that is away.
   */
  encode(snapshot: Snapshot | null, own: readonly OwnFamily[], nowMs: number): WriteRequest[] {
    this.#requests = [];
    this.#request = this.#newRequest();
    const families = snapshot === null ? [] : this.#planner.plan(snapshot);
    const timestampMs =
      snapshot === null ? Math.max(nowMs, this.#lastMs + 1) : Math.round(Number(snapshot.systemTimeNs) / 1e6);
    if (families !== this.#last) this.#endSeries(families, timestampMs);
    this.#last = families;
    this.#lastMs = timestampMs;
    for (const { name, help, type, samples } of own) {
      for (const { suffix, labels, value } of samples) {
        const pairs = Object.entries(labels).map(([key, text]) => [key, String(text)] as const);
        this.#sample(this.#target(name + suffix, pairs), value, nowMs, metricTypes[type], help);
      }
    }
    for (const family of families) this.#family(family, snapshot!, timestampMs);
    this.#flush();
    return this.#requests;
  }

  #family({ name, kind, help, parts }: Family<WriteTarget>, { groups }: Snapshot, timestampMs: number): void {
    for (const { group: position, indices, encoded } of parts) {
      const group = groups[position]!;
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i]!;
        const target = encoded[i]!;
        if (kind === 'histogram') {
          const value = group.histograms[index];
          if (value === null || value === undefined || value.config.groupingPower > 8) continue;
          const exact = exactSum(group, index);
          if (this.#options.nativeHistograms) this.#native(target, toNative(value, exact), timestampMs, help);
          else this.#classic(name, target, { value, exact }, timestampMs, help);
          continue;
        }
        const present = kind === 'counter' ? group.countersPresent : group.gaugesPresent;
        if (present !== null && present[index] !== 1) continue;
        const value = kind === 'counter' ? group.counters[index]! : group.gauges[index]!;
        this.#sample(target, Number(value), timestampMs, metricTypes[kind], help);
      }
    }
  }

  /** endSeries: stale markers for what is gone. Native histograms end by a plain marker as well. */
  #endSeries(families: readonly Family<WriteTarget>[], timestampMs: number): void {
    const keyOf = ({ bytes }: WriteTarget) =>
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    const targets = (list: readonly Family<WriteTarget>[]) =>
      list.flatMap(({ kind, name, parts }) =>
        parts.flatMap(({ encoded }) => encoded.map((target) => ({ kind, name, target }))),
      );
    const now = new Set(targets(families).map(({ target }) => keyOf(target)));
    for (const { kind, name, target } of targets(this.#last)) {
      if (now.has(keyOf(target))) continue;
      if (kind !== 'histogram' || this.#options.nativeHistograms) {
        this.#sample(target, staleNaN, timestampMs, metricTypes[kind], '');
      } else {
        this.#classic(name, target, null, timestampMs, '');
      }
    }
  }

  #classic(
    name: string,
    { labels }: WriteTarget,
    counted: { readonly value: HistogramValue; readonly exact: bigint | null } | null,
    timestampMs: number,
    help: string,
  ): void {
    const config = counted?.value.config ?? { groupingPower: 3, maxValuePower: 64 };
    const { target, bounds, count } = classicLayout(config, this.#options.classicGroupingPower);
    const plain = labels.filter(([key]) => key !== '__name__');
    const send = (suffix: string, extra: LabelPairs, sample: number) =>
      this.#sample(
        this.#target(name + suffix, [...plain, ...extra]),
        counted === null ? staleNaN : sample,
        timestampMs,
        metricTypes.histogram,
        help,
      );
    let total = 0;
    let sum = 0;
    if (counted !== null) {
      const { value, exact } = counted;
      const length = value.buckets.length;
      if (this.#scratch.length < length) this.#scratch = new Float64Array(length);
      counts(value, this.#scratch);
      const middles = bucketMidpoints(value.config);
      for (let i = 0; i < length; i++) sum += this.#scratch[i]! * middles[i]!;
      if (exact !== null) sum = Number(exact);
    }
    for (let bucket = 0, i = 0; bucket < count; bucket++) {
      while (counted !== null && i < target.length && target[i] === bucket) total += this.#scratch[i++]!;
      send('_bucket', [['le', bucket === count - 1 ? '+Inf' : String(bounds[bucket]!)]], total);
    }
    send('_sum', [], sum);
    send('_count', [], total);
  }

  #native(target: WriteTarget, native: NativeHistogram, timestampMs: number, help: string): void {
    this.#request.histogram(target, encodeHistogram(native, timestampMs), help);
    this.#sent();
  }

  #sample(
    target: WriteTarget,
    value: number | bigint,
    timestampMs: number,
    type: number,
    help: string,
  ): void {
    this.#request.sample(target, value, timestampMs, type, help);
    this.#sent();
  }

  #sent(): void {
    if (this.#request.samples >= maxSamples) this.#flush();
  }

  #flush(): void {
    if (this.#request.samples === 0) return;
    this.#requests.push({ samples: this.#request.samples, body: this.#request.take() });
    this.#request = this.#newRequest();
  }

  #newRequest(): RequestV1 | RequestV2 {
    return this.#version === '1.0' ? new RequestV1() : new RequestV2();
  }

  /** target: all labels of a series, the external ones and the name among them, sorted as receivers demand. */
  #target(name: string, labels: LabelPairs): WriteTarget {
    const pairs = new Map<string, string>([...this.#external, ...labels, ['__name__', name]]);
    const sorted = [...pairs].filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1));
    return { labels: sorted, bytes: RequestV1.encodeLabels(sorted) };
  }
}

/** encodeHistogram: a Histogram message; its fields have the same numbers in both versions. */
function encodeHistogram(native: NativeHistogram, timestampMs: number): Uint8Array {
  const out = new ProtobufWriter(256);
  const part = new ProtobufWriter(64);
  out.uint64Field(1, native.count);
  out.doubleField(3, native.sum);
  out.sint32Field(4, native.schema);
  out.doubleField(5, zeroThreshold);
  out.uint64Field(6, native.zeroCount);
  for (let i = 0; i < native.spans.length; i += 2) {
    part.reset();
    part.sint32Field(1, native.spans[i]!);
    part.uint64Field(2, native.spans[i + 1]!);
    out.bytesField(11, part.written);
  }
  part.reset();
  let before = 0;
  for (const count of native.counts) {
    part.signed(count - before);
    before = count;
  }
  if (part.length > 0) out.bytesField(12, part.written);
  out.uint64Field(15, timestampMs);
  return out.take();
}
