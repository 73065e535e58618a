import { ProtobufWriter, varintLength } from '../protobuf/writer.ts';
import type { LabelPairs } from './schema-plan.ts';

/** WriteTarget: the labels of a series, and the same as version 1.0 writes them. */
export interface WriteTarget {
  readonly labels: LabelPairs;
  readonly bytes: Uint8Array;
}

/** metricTypes: Metadata.MetricType of io.prometheus.write.v2. */
export const metricTypes = { counter: 1, gauge: 2, histogram: 3, summary: 5 } as const;

/** RequestV1: a prometheus.WriteRequest being written (prompb/remote.proto, types.proto). */
export class RequestV1 {
  readonly #out = new ProtobufWriter(64 * 1024);
  readonly #value = new ProtobufWriter(32);
  samples = 0;

  /** encodeLabels: Label messages as fields of a TimeSeries. */
  static encodeLabels(labels: LabelPairs): Uint8Array {
    const out = new ProtobufWriter(128);
    const label = new ProtobufWriter(64);
    for (const [name, value] of labels) {
      label.reset();
      label.stringField(1, name);
      label.stringField(2, value);
      out.bytesField(1, label.written);
    }
    return out.take();
  }

  sample({ bytes }: WriteTarget, value: number | bigint, timestampMs: number): void {
    this.#value.reset();
    writeSample(this.#value, 2, value, timestampMs);
    this.#series(bytes);
  }

  histogram({ bytes }: WriteTarget, histogram: Uint8Array): void {
    this.#value.reset();
    this.#value.bytesField(4, histogram);
    this.#series(bytes);
  }

  take(): Uint8Array {
    return this.#out.take();
  }

  #series(labels: Uint8Array): void {
    this.#out.lengthField(1, labels.length + this.#value.length);
    this.#out.raw(labels);
    this.#out.raw(this.#value.written);
    this.samples++;
  }
}

/** RequestV2: an io.prometheus.write.v2.Request being written: texts once, series refer to them. */
export class RequestV2 {
  readonly #series = new ProtobufWriter(64 * 1024);
  readonly #one = new ProtobufWriter(256);
  readonly #part = new ProtobufWriter(64);
  /** The first symbol is the empty text. */
  readonly #symbols = new Map<string, number>([['', 0]]);
  samples = 0;

  sample(target: WriteTarget, value: number | bigint, timestampMs: number, type: number, help: string): void {
    this.#labels(target);
    writeSample(this.#one, 2, value, timestampMs);
    this.#end(type, help);
  }

  histogram(target: WriteTarget, histogram: Uint8Array, help: string): void {
    this.#labels(target);
    this.#one.bytesField(3, histogram);
    this.#end(metricTypes.histogram, help);
  }

  take(): Uint8Array {
    const out = new ProtobufWriter(this.#series.length + 64 * this.#symbols.size);
    const utf8 = new TextEncoder();
    for (const symbol of this.#symbols.keys()) out.bytesField(4, utf8.encode(symbol));
    out.raw(this.#series.written);
    return out.take();
  }

  #reference(text: string): number {
    const known = this.#symbols.get(text);
    if (known !== undefined) return known;
    const reference = this.#symbols.size;
    this.#symbols.set(text, reference);
    return reference;
  }

  #labels({ labels }: WriteTarget): void {
    this.#one.reset();
    this.#part.reset();
    for (const [name, value] of labels) {
      this.#part.varint(this.#reference(name));
      this.#part.varint(this.#reference(value));
    }
    this.#one.bytesField(1, this.#part.written);
  }

  #end(type: number, help: string): void {
    this.#part.reset();
    this.#part.uint64Field(1, type);
    this.#part.uint64Field(3, this.#reference(help));
    this.#one.bytesField(5, this.#part.written);
    this.#series.bytesField(5, this.#one.written);
    this.samples++;
  }
}

/** writeSample: a Sample message; its fields have the same numbers in both versions. */
function writeSample(out: ProtobufWriter, field: number, value: number | bigint, timestampMs: number): void {
  const time = varintLength(timestampMs);
  out.lengthField(field, 10 + time);
  // A bigint is the bits of a NaN that must not be made a quiet one.
  if (typeof value === 'bigint') out.fixed64Field(1, value);
  else out.doubleField(1, value);
  out.varint(2 * 8);
  out.varint(timestampMs);
}
