import type { Snapshot, SnapshotGroup } from '@rezolus/core';
import { ProtobufWriter } from '../protobuf/writer.ts';
import { type NativeHistogram, toNative } from './native.ts';
import type { ExportCounts, OwnFamily, PrometheusOptions } from './options.ts';
import { type Family, Planner } from './plan.ts';
import type { WriteRequest } from './remote-write.ts';
import type { LabelPairs } from './schema-plan.ts';
import { exactSum } from './sums.ts';

/** AggregationTemporality CUMULATIVE. */
const cumulative = 2;

/** Fields of a Metric that hold its data. */
const gaugeField = 5;
const sumField = 7;
const exponentialHistogramField = 10;

/** Units of UCUM for those that samplers have; anything else counts things, which UCUM puts into braces. */
const units: Readonly<Record<string, string>> = {
  '': '',
  bytes: 'By',
  nanoseconds: 'ns',
  seconds: 's',
  percentage: '%',
  hertz: 'Hz',
  celsius: 'Cel',
};

/**
 * OtlpEncoder: snapshots as opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest (opentelemetry-proto,
 * metrics/v1/metrics.proto): counters are cumulative monotonic sums, histograms exponential ones of scale 3. The start of
 * a sum is not known and left out.
 */
export class OtlpEncoder {
  readonly #planner: Planner<Uint8Array>;
  readonly #resource: LabelPairs;
  readonly #version: string;
  readonly #metrics = new ProtobufWriter(64 * 1024);
  readonly #data = new ProtobufWriter(16 * 1024);
  readonly #point = new ProtobufWriter(1024);
  readonly #part = new ProtobufWriter(256);
  #samples = 0;

  /** `resource` are the attributes of the resource, `version` that of the exporter, which is the scope. */
  constructor(options: PrometheusOptions, resource: Readonly<Record<string, string>>, version: string) {
    this.#resource = Object.entries(resource);
    this.#version = version;
    this.#planner = new Planner(options, 'allow-utf-8', 1, (_, labels, kind) =>
      attributes(labels, kind === 'histogram' ? 1 : 7),
    );
  }

  /** prepare: what the request from this snapshot will hold and leave out. */
  prepare(snapshot: Snapshot): ExportCounts {
    this.#planner.plan(snapshot);
    return this.#planner.counts;
  }

  /**
   * encode: one request: series of the agent at the time of its snapshot, `own` at `nowNs` of Unix time. `snapshot` null is
   * an agent that is away. Histograms of `own` are left out.
   */
  encode(snapshot: Snapshot | null, own: readonly OwnFamily[], nowNs: bigint): WriteRequest {
    this.#metrics.reset();
    this.#samples = 0;
    for (const { name, help, type, samples } of own) {
      if (type !== 'counter' && type !== 'gauge') continue;
      for (const { labels, value } of samples) {
        const pairs = Object.entries(labels).map(([key, text]) => [key, String(text)] as const);
        this.#number(attributes(pairs, 7), value, nowNs);
      }
      this.#metric(name.replace(/_total$/, ''), help, '', type);
    }
    if (snapshot !== null) {
      for (const family of this.#planner.plan(snapshot)) this.#family(family, snapshot);
    }
    return { body: this.#request(), samples: this.#samples };
  }

  #family({ name, kind, help, unit, parts }: Family<Uint8Array>, { groups, systemTimeNs }: Snapshot): void {
    for (const { group: position, indices, encoded } of parts) {
      const group = groups[position]!;
      const timeNs = group.window?.endNs ?? systemTimeNs;
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i]!;
        if (kind === 'histogram') {
          const value = group.histograms[index];
          if (value === null || value === undefined || value.config.groupingPower > 8) continue;
          this.#histogram(encoded[i]!, toNative(value, exactSum(group, index)), timeNs);
        } else if (isPresent(group, kind, index)) {
          const value = kind === 'counter' ? group.counters[index]! : group.gauges[index]!;
          this.#number(encoded[i]!, value, timeNs);
        }
      }
    }
    this.#metric(name, help, units[unit] ?? `{${unit}}`, kind);
  }

  /** number: a NumberDataPoint. Beyond 2^63 - 1 only a double holds it. */
  #number(labels: Uint8Array, value: number | bigint, timeNs: bigint): void {
    this.#point.reset();
    this.#point.fixed64Field(3, timeNs);
    if (typeof value === 'bigint' && value < 1n << 63n) this.#point.fixed64Field(6, value);
    else this.#point.doubleField(4, Number(value));
    this.#point.raw(labels);
    this.#data.bytesField(1, this.#point.written);
    this.#samples++;
  }

  /** histogram: an ExponentialHistogramDataPoint; its bucket `i` begins where Prometheus' `i` ends, so all move by one. */
  #histogram(labels: Uint8Array, native: NativeHistogram, timeNs: bigint): void {
    const { spans, counts } = native;
    this.#point.reset();
    this.#point.raw(labels);
    this.#point.fixed64Field(3, timeNs);
    this.#point.fixed64Field(4, BigInt(native.count));
    this.#point.doubleField(5, native.sum);
    this.#point.sint32Field(6, native.schema);
    this.#point.fixed64Field(7, BigInt(native.zeroCount));
    if (counts.length > 0) {
      const dense = new ProtobufWriter(counts.length * 4);
      let position = 0;
      for (let i = 0; i < spans.length; i += 2) {
        for (let gap = i === 0 ? 0 : spans[i]!; gap > 0; gap--) dense.varint(0);
        for (let left = spans[i + 1]!; left > 0; left--) dense.varint(counts[position++]!);
      }
      this.#part.reset();
      this.#part.sint32Field(1, spans[0]! - 1);
      this.#part.bytesField(2, dense.written);
      this.#point.bytesField(8, this.#part.written);
    }
    this.#data.bytesField(1, this.#point.written);
    this.#samples++;
  }

  /** metric: a Metric with the data points written since the last one. */
  #metric(name: string, help: string, unit: string, kind: 'counter' | 'gauge' | 'histogram'): void {
    if (this.#data.length === 0) return;
    if (kind !== 'gauge') this.#data.uint64Field(2, cumulative);
    if (kind === 'counter') this.#data.uint64Field(3, 1);
    const field = { counter: sumField, gauge: gaugeField, histogram: exponentialHistogramField }[kind];
    const metric = new ProtobufWriter(this.#data.length + 256);
    metric.stringField(1, name);
    metric.stringField(2, help);
    metric.stringField(3, unit);
    metric.bytesField(field, this.#data.written);
    this.#metrics.bytesField(2, metric.written);
    this.#data.reset();
  }

  #request(): Uint8Array {
    const scope = new ProtobufWriter();
    scope.stringField(1, 'rezolus');
    scope.stringField(2, this.#version);
    const scoped = new ProtobufWriter(this.#metrics.length + 64);
    scoped.bytesField(1, scope.written);
    scoped.raw(this.#metrics.written);
    const resource = new ProtobufWriter();
    resource.bytesField(1, attributes(this.#resource, 1));
    resource.bytesField(2, scoped.written);
    const request = new ProtobufWriter(resource.length + 16);
    request.bytesField(1, resource.written);
    return request.take();
  }
}

function isPresent(group: SnapshotGroup, kind: 'counter' | 'gauge', index: number): boolean {
  const present = kind === 'counter' ? group.countersPresent : group.gaugesPresent;
  return present === null || present[index] === 1;
}

/** attributes: KeyValue messages of text as fields of their message. */
function attributes(labels: LabelPairs, field: number): Uint8Array {
  const out = new ProtobufWriter(128);
  const pair = new ProtobufWriter(64);
  const value = new ProtobufWriter(64);
  for (const [key, text] of labels) {
    value.reset();
    value.stringField(1, text);
    pair.reset();
    pair.stringField(1, key);
    pair.bytesField(2, value.written);
    out.bytesField(field, pair.written);
  }
  return out.take();
}
