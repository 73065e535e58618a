import type { HistogramConfig, HistogramValue } from '@rezolus/core';
import { bucketCount, isHistogramConfig } from '@rezolus/core/histogram';
import { malformed } from './msgpack/error.ts';
import type { MsgpackReader } from './msgpack/reader.ts';
import { MsgpackWriter } from './msgpack/writer.ts';

const configBytes = new Map<number, Uint8Array>();

/** histogramFields: the eight numbers that describe a histogram on the wire, in their order. */
export function histogramFields({ groupingPower: g, maxValuePower: m }: HistogramConfig) {
  return {
    max: (1n << BigInt(m)) - 1n,
    grouping_power: g,
    max_value_power: m,
    cutoff_power: g + 1,
    cutoff_value: 2 ** (g + 1),
    lower_bin_count: 2 ** (g + 1),
    upper_bin_divisions: 2 ** g,
    upper_bin_count: (m - g - 1) * 2 ** g,
  };
}

/** writeHistogram: `[config, buckets]`, or nil. */
export function writeHistogram(writer: MsgpackWriter, histogram: HistogramValue | null): void {
  if (histogram === null) {
    writer.nil();
    return;
  }
  writer.array(2);
  writer.raw(encodedConfig(histogram.config));
  writer.u64Array(histogram.buckets, null);
}

function encodedConfig(config: HistogramConfig): Uint8Array {
  const key = config.groupingPower * 128 + config.maxValuePower;
  let bytes = configBytes.get(key);
  if (bytes === undefined) {
    const writer = new MsgpackWriter();
    const fields = Object.values(histogramFields(config));
    writer.array(fields.length);
    for (const field of fields) writer.u64(BigInt(field));
    bytes = writer.take();
    configBytes.set(key, bytes);
  }
  return bytes;
}

/**
 * readHistogram: a histogram whose number of buckets is what its two powers say; the other fields of the config
 * follow from these and are not looked at.
 */
export function readHistogram(reader: MsgpackReader): HistogramValue {
  const start = reader.position;
  reader.tuple(2, 'a histogram');
  reader.tuple(8, 'a histogram config');
  const fields: number[] = [];
  for (let i = 0; i < 8; i++) fields.push(reader.uint());
  const config = { groupingPower: fields[1]!, maxValuePower: fields[2]! };
  if (!isHistogramConfig(config)) throw malformed('a histogram has impossible powers', start);
  const { values, present } = reader.u64Array();
  if (present !== null) throw malformed('a histogram lacks a bucket', start);
  if (values.length !== bucketCount(config)) {
    throw malformed(`a histogram has ${values.length} buckets and should have ${bucketCount(config)}`, start);
  }
  return { config, buckets: values };
}
