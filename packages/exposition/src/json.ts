import type { HistogramValue, SeriesSchema, Snapshot, SnapshotGroup } from '@rezolus/core';
import { histogramFields } from './histogram.ts';
import { encodedSchema } from './schema.ts';

const billion = 1_000_000_000n;

/**
 * toJson: a snapshot as the JSON of the V3 format, with the original's field names. 64-bit integers are written
 * exactly, so numbers beyond 2^53 need a reader that keeps them.
 */
export function toJson(snapshot: Snapshot): string {
  const { systemTimeNs, durationNs } = snapshot;
  return (
    `{"systemtime":{"secs_since_epoch":${systemTimeNs / billion},"nanos_since_epoch":${systemTimeNs % billion}}` +
    `,"duration":{"secs":${durationNs / billion},"nanos":${durationNs % billion}}` +
    `,"metadata":${JSON.stringify(snapshot.metadata)}` +
    `,"groups":[${snapshot.groups.map(groupJson).join(',')}]}`
  );
}

function groupJson(group: SnapshotGroup): string {
  const { schema, window } = group;
  const [high, low] = (schema === null ? group.schemaHash : encodedSchema(schema).hash) ?? [0n, 0n];
  return (
    `{"name":${JSON.stringify(group.name)},"schema_hash":[${high},${low}],"schema":` +
    (schema === null
      ? 'null'
      : `{"counters":[${seriesJson(schema.counters)}],"gauges":[${seriesJson(schema.gauges)}],"histograms":[${seriesJson(schema.histograms)}]}`) +
    `,"window":${window === null ? 'null' : `{"begin_ns":${window.beginNs},"end_ns":${window.endNs}}`}` +
    `,"counters":[${valuesJson(group.counters, group.countersPresent)}]` +
    `,"gauges":[${valuesJson(group.gauges, group.gaugesPresent)}]` +
    `,"histograms":[${group.histograms.map(histogramJson).join(',')}]}`
  );
}

function seriesJson(series: readonly SeriesSchema[]): string {
  return series
    .map(({ name, labels }) => {
      const sorted = Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
      return `{"name":${JSON.stringify(name)},"metadata":${JSON.stringify(sorted)}}`;
    })
    .join(',');
}

function valuesJson(values: BigUint64Array | BigInt64Array, present: Uint8Array | null): string {
  if (present === null) return values.join(',');
  return Array.from(present, (byte, i) => (byte === 0 ? 'null' : String(values[i]))).join(',');
}

function histogramJson(histogram: HistogramValue | null): string {
  if (histogram === null) return 'null';
  const config = Object.entries(histogramFields(histogram.config))
    .map(([key, value]) => `"${key}":${value}`)
    .join(',');
  return `{"config":{${config}},"buckets":[${histogram.buckets.join(',')}]}`;
}
