import type { HistogramValue } from '@rezolus/core';
import { bucketCount, isHistogramConfig } from '@rezolus/core/histogram';

/** DropReason: why something that was pushed is not taken; the names under which the status counts. */
export type DropReason =
  | 'malformed'
  | 'too_long'
  | 'invalid_name'
  | 'invalid_labels'
  | 'invalid_value'
  | 'name_taken'
  | 'max_metrics'
  | 'max_metrics_per_connection'
  | 'max_bytes'
  | 'max_connections'
  | 'max_buffered';

/** Refused: thrown for what is not taken. `closes` = what follows on the connection cannot be understood. */
export class Refused extends Error {
  readonly reason: DropReason;
  readonly closes: boolean;

  constructor(reason: DropReason, { closes = false } = {}) {
    super(reason);
    this.reason = reason;
    this.closes = closes;
  }
}

/** PushedValue: a value as it came: u64, i64 or cumulative buckets. */
export type PushedValue =
  | { readonly kind: 'counter'; readonly value: bigint }
  | { readonly kind: 'gauge'; readonly value: bigint }
  | { readonly kind: 'histogram'; readonly value: HistogramValue };

/** PushedLabels: label names and values as they came, a later one of the same name going first. */
export type PushedLabels = ReadonlyMap<string, string>;

/** PushedMetric: one series. */
export type PushedMetric = PushedValue & { readonly name: string; readonly labels: PushedLabels };

/** Message: one line or binary message: a series, or labels for all later ones of the connection. */
export type Message = PushedMetric | { readonly kind: 'session'; readonly labels: PushedLabels };

/** Most bytes of a line and of the payload of a binary frame, as in the original. */
export const maxMessageBytes = 65_536;

const maxNameBytes = 255;
const maxLabels = 32;
/** What the binary protocol's length byte can say; the line protocol has the same. */
const maxLabelBytes = 255;
/** What a series says of itself besides its labels. */
const reservedLabels: ReadonlySet<string> = new Set([
  'metric',
  'sampler',
  'source',
  'grouping_power',
  'max_value_power',
]);
const wrongInName = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}{}"=,]/u;

/** checkName: throws {@link Refused} for what is no name of a metric: UTF-8 of 1 to 255 bytes without spaces and controls. */
export function checkName(name: string): void {
  if (!isName(name, maxNameBytes)) throw new Refused('invalid_name');
}

/** checkLabels: throws {@link Refused} for over 32 labels, for names and values over 255 bytes and for reserved names. */
export function checkLabels(labels: PushedLabels): void {
  if (labels.size > maxLabels) throw new Refused('invalid_labels');
  for (const [key, value] of labels) {
    const isFine =
      isName(key, maxLabelBytes) &&
      !reservedLabels.has(key) &&
      value.isWellFormed() &&
      Buffer.byteLength(value) <= maxLabelBytes;
    if (!isFine) throw new Refused('invalid_labels');
  }
}

function isName(text: string, maxBytes: number): boolean {
  return text !== '' && Buffer.byteLength(text) <= maxBytes && !wrongInName.test(text);
}

const u64 = (1n << 64n) - 1n;
const i64 = (1n << 63n) - 1n;

/** counterOf: a u64. Throws {@link Refused}. */
export function counterOf(value: bigint): PushedValue {
  if (value < 0n || value > u64) throw new Refused('invalid_value');
  return { kind: 'counter', value };
}

/** gaugeOf: an i64. Throws {@link Refused}. */
export function gaugeOf(value: bigint): PushedValue {
  if (value < -i64 - 1n || value > i64) throw new Refused('invalid_value');
  return { kind: 'gauge', value };
}

/** histogramOf: buckets, (m - g + 1) * 2^g of them. Throws {@link Refused} for other numbers of them and impossible powers. */
export function histogramOf(g: number, m: number, buckets: BigUint64Array): PushedValue {
  const config = { groupingPower: g, maxValuePower: m };
  if (!isHistogramConfig(config) || buckets.length !== bucketCount(config))
    throw new Refused('invalid_value');
  return { kind: 'histogram', value: { config, buckets } };
}
