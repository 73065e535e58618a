import type { HistogramValue, Snapshot, SnapshotGroup } from '@rezolus/core';
import { ProtobufWriter, varintLength } from '../protobuf/writer.ts';
import { classicLayout } from './classic.ts';
import type { Escaping } from './names.ts';
import { toNative, zeroThreshold } from './native.ts';
import type { ExportCounts, FamilyType, OwnFamily, PrometheusOptions } from './options.ts';
import { type Family, Planner } from './plan.ts';
import { counts, quantiles } from './quantiles.ts';
import type { LabelPairs } from './schema-plan.ts';
import { exactSum } from './sums.ts';
import { WindowReader } from './window.ts';

const types: Readonly<Record<FamilyType, number>> = { counter: 0, gauge: 1, summary: 2, histogram: 4 };

/** Field of a Metric that holds its value: gauge, counter, summary or histogram. */
const valueField: Readonly<Record<FamilyType, number>> = { gauge: 2, counter: 3, summary: 4, histogram: 7 };

const utf8 = new TextEncoder();

/**
 * PrometheusProtobufEncoder: snapshots as delimited io.prometheus.client.MetricFamily messages
 * (github.com/prometheus/client_model, metrics.proto). Keeps what depends on schemas alone between calls.
 */
export class PrometheusProtobufEncoder {
  readonly #options: PrometheusOptions;
  readonly #planner: Planner<Uint8Array>;
  readonly #out = new ProtobufWriter(64 * 1024);
  readonly #family = new ProtobufWriter(16 * 1024);
  readonly #value = new ProtobufWriter(4096);
  readonly #packed = new ProtobufWriter(1024);
  #scratch = new Float64Array(0);

  constructor(escaping: Escaping, options: PrometheusOptions) {
    this.#options = options;
    const shape = { groupingPower: 3, maxValuePower: 64 };
    const perHistogram =
      (options.nativeHistograms ? 1 : 0) +
      (options.nativeHistograms && options.classicGroupingPower === null
        ? 0
        : classicLayout(shape, options.classicGroupingPower).count + 2) +
      (this.#sendsQuantiles ? quantiles.length : 0);
    this.#planner = new Planner(options, escaping, perHistogram, (_, labels) => encodeLabels(labels));
  }

  /** prepare: what an answer from this snapshot will hold and leave out. */
  prepare(snapshot: Snapshot): ExportCounts {
    this.#planner.plan(snapshot);
    return this.#planner.counts;
  }

  /** usesWindow: whether answers depend on the base snapshot. */
  get usesWindow(): boolean {
    return this.#sendsQuantiles;
  }

  /** encode: as the text encoder's; histograms are native ones as far as the options say. */
  encode(snapshot: Snapshot | null, base: Snapshot | null, own: readonly OwnFamily[]): Buffer {
    for (const family of own) this.#own(family);
    if (snapshot !== null) {
      const window = new WindowReader(snapshot, base);
      for (const family of this.#planner.plan(snapshot)) {
        if (family.kind === 'histogram') this.#histograms(family, snapshot.groups, window);
        else this.#scalars(family, family.kind, snapshot.groups);
      }
    }
    return Buffer.from(this.#out.take().buffer);
  }

  get #sendsQuantiles(): boolean {
    return this.#options.quantiles && !this.#options.nativeHistograms;
  }

  #begin(name: string, help: string, type: FamilyType): void {
    this.#family.reset();
    this.#family.stringField(1, name);
    this.#family.stringField(2, help);
    this.#family.uint64Field(3, types[type]);
  }

  #end(): void {
    this.#out.varint(this.#family.length);
    this.#out.raw(this.#family.written);
  }

  /** metric: one Metric of the family: encoded labels and the value message of its type. */
  #metric(labels: Uint8Array, type: FamilyType, value: Uint8Array): void {
    const length = labels.length + 1 + varintLength(value.length) + value.length;
    this.#family.lengthField(4, length);
    this.#family.raw(labels);
    this.#family.bytesField(valueField[type], value);
  }

  #scalar(labels: Uint8Array, type: 'counter' | 'gauge', value: number): void {
    this.#value.reset();
    this.#value.doubleField(1, value);
    this.#metric(labels, type, this.#value.written);
  }

  #scalars(family: Family<Uint8Array>, type: 'counter' | 'gauge', groups: readonly SnapshotGroup[]): void {
    this.#begin(type === 'counter' ? `${family.name}_total` : family.name, family.help, type);
    let any = false;
    for (const { group: position, indices, encoded } of family.parts) {
      const group = groups[position]!;
      const values = type === 'counter' ? group.counters : group.gauges;
      const present = type === 'counter' ? group.countersPresent : group.gaugesPresent;
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i]!;
        if (present !== null && present[index] !== 1) continue;
        this.#scalar(encoded[i]!, type, Number(values[index]!));
        any = true;
      }
    }
    if (any) this.#end();
  }

  #histograms(family: Family<Uint8Array>, groups: readonly SnapshotGroup[], window: WindowReader): void {
    const each = (
      visit: (labels: Uint8Array, value: HistogramValue, group: number, index: number) => void,
    ) => {
      for (const { group, indices, encoded } of family.parts) {
        for (let i = 0; i < indices.length; i++) {
          const value = groups[group]!.histograms[indices[i]!];
          if (value !== null && value !== undefined && value.config.groupingPower <= 8)
            visit(encoded[i]!, value, group, indices[i]!);
        }
      }
    };
    let any = false;
    this.#begin(family.name, family.help, 'histogram');
    each((labels, value, group, index) => {
      this.#histogram(value, exactSum(groups[group]!, index));
      this.#metric(labels, 'histogram', this.#value.written);
      any = true;
    });
    if (any) this.#end();
    if (!this.#sendsQuantiles) return;
    any = false;
    this.#begin(`${family.name}_recent`, `${family.help}, of values since the last scrape`, 'summary');
    each((labels, _, group, index) => {
      const bounds = window.quantiles(group, index);
      if (bounds === null) return;
      this.#value.reset();
      bounds.forEach((bound, i) => {
        this.#packed.reset();
        this.#packed.doubleField(1, quantiles[i]!);
        this.#packed.doubleField(2, Number(bound));
        this.#value.bytesField(3, this.#packed.written);
      });
      this.#metric(labels, 'summary', this.#value.written);
      any = true;
    });
    if (any) this.#end();
  }

  /** histogram: a Histogram message, native and classic as the options say. */
  #histogram(histogram: HistogramValue, sum: bigint | null): void {
    const out = this.#value;
    out.reset();
    const { nativeHistograms, classicGroupingPower } = this.#options;
    const native = toNative(histogram, sum);
    out.uint64Field(1, native.count);
    out.doubleField(2, native.sum);
    if (!nativeHistograms || classicGroupingPower !== null) this.#classicBuckets(histogram);
    if (!nativeHistograms) return;
    out.sint32Field(5, native.schema);
    out.doubleField(6, zeroThreshold);
    out.uint64Field(7, native.zeroCount);
    for (let i = 0; i < native.spans.length; i += 2) {
      this.#packed.reset();
      this.#packed.sint32Field(1, native.spans[i]!);
      this.#packed.uint64Field(2, native.spans[i + 1]!);
      out.bytesField(12, this.#packed.written);
    }
    this.#packed.reset();
    let before = 0;
    for (const count of native.counts) {
      this.#packed.signed(count - before);
      before = count;
    }
    if (this.#packed.length > 0) out.bytesField(13, this.#packed.written);
  }

  #classicBuckets(histogram: HistogramValue): void {
    const { target, bounds, count } = classicLayout(histogram.config, this.#options.classicGroupingPower);
    const length = histogram.buckets.length;
    if (this.#scratch.length < length) this.#scratch = new Float64Array(length);
    counts(histogram, this.#scratch);
    let total = 0;
    for (let i = 0, bucket = 0; bucket < count; bucket++) {
      while (i < length && target[i] === bucket) total += this.#scratch[i++]!;
      this.#bucket(total, bucket === count - 1 ? Infinity : Number(bounds[bucket]!));
    }
  }

  #bucket(cumulative: number, bound: number): void {
    this.#packed.reset();
    this.#packed.uint64Field(1, cumulative);
    this.#packed.doubleField(2, bound);
    this.#value.bytesField(3, this.#packed.written);
  }

  #own({ name, help, type, samples }: OwnFamily): void {
    this.#begin(name, help, type);
    if (type === 'counter' || type === 'gauge') {
      for (const { labels, value } of samples) this.#scalar(encodeLabels(pairsOf(labels)), type, value);
    } else if (type === 'histogram') {
      for (const sample of samples.filter(({ suffix }) => suffix === '_count')) {
        const mine = samples.filter(({ labels }) => sameBut(labels, sample.labels));
        this.#value.reset();
        this.#value.uint64Field(1, sample.value);
        this.#value.doubleField(2, mine.find(({ suffix }) => suffix === '_sum')?.value ?? 0);
        for (const { suffix, labels, value } of mine) {
          if (suffix === '_bucket')
            this.#bucket(value, Number(String(labels.le).replace('+Inf', 'Infinity')));
        }
        this.#metric(encodeLabels(pairsOf(sample.labels)), 'histogram', this.#value.written);
      }
    }
    this.#end();
  }
}

/** encodeLabels: LabelPair messages as fields of a Metric. */
function encodeLabels(labels: LabelPairs): Uint8Array {
  const writer = new ProtobufWriter(128);
  for (const [name, value] of labels) {
    const key = utf8.encode(name);
    const text = utf8.encode(value);
    writer.lengthField(
      1,
      key.length + text.length + 2 + varintLength(key.length) + varintLength(text.length),
    );
    writer.bytesField(1, key);
    writer.bytesField(2, text);
  }
  return writer.take();
}

function pairsOf(labels: Readonly<Record<string, string | number>>): LabelPairs {
  return Object.entries(labels).map(([name, value]) => [name, String(value)] as const);
}

function sameBut(
  a: Readonly<Record<string, string | number>>,
  b: Readonly<Record<string, string | number>>,
): boolean {
  const keys = Object.keys(a).filter((key) => key !== 'le');
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
