import type { SeriesSchema, Snapshot, SnapshotGroup, Window } from '@rezolus/core';
import { writeHistogram } from './histogram.ts';
import { MsgpackWriter } from './msgpack/writer.ts';
import { encodedSchema } from './schema.ts';

const writer = new MsgpackWriter();
const billion = 1_000_000_000n;

/**
 * encodeV3: a snapshot as the msgpack that the original's agent serves by default: groups of aligned values with
 * schema, hash and window. Bytes and hash of a schema are made once per schema object. Groups for which `isKnown` holds
 * have a hash alone, for a reader that remembers their schemas ({@link SnapshotDecoder}).
 */
export function encodeV3(
  snapshot: Snapshot,
  isKnown: (group: SnapshotGroup) => boolean = () => false,
): Uint8Array {
  writer.reset();
  writer.array(4);
  writeTime(snapshot.systemTimeNs);
  writeTime(snapshot.durationNs);
  writer.stringMap(snapshot.metadata, 'as given');
  writer.array(snapshot.groups.length);
  for (const group of snapshot.groups) writeGroup(group, isKnown(group));
  return writer.take();
}

/**
 * encodeV2: a snapshot as the flat lists of the older format: every present series with its own name, metadata and,
 * where its group has one, window. Zeros are kept. A group without a schema has no series to name and is left out.
 */
export function encodeV2(snapshot: Snapshot): Uint8Array {
  writer.reset();
  writer.array(6);
  writeTime(snapshot.systemTimeNs);
  writeTime(snapshot.durationNs);
  writer.stringMap(snapshot.metadata, 'as given');
  const groups = snapshot.groups.filter((group) => group.schema !== null);
  writer.array(groups.reduce((sum, group) => sum + presentCount(group.counters, group.countersPresent), 0));
  for (const { schema, counters, countersPresent, window } of groups) {
    for (const [i, series] of schema!.counters.entries()) {
      if (countersPresent?.[i] !== 0) writeEntry(series, window, () => writer.u64(counters[i]!));
    }
  }
  writer.array(groups.reduce((sum, group) => sum + presentCount(group.gauges, group.gaugesPresent), 0));
  for (const { schema, gauges, gaugesPresent, window } of groups) {
    for (const [i, series] of schema!.gauges.entries()) {
      if (gaugesPresent?.[i] !== 0) writeEntry(series, window, () => writer.i64(gauges[i]!));
    }
  }
  writer.array(groups.reduce((sum, group) => sum + group.histograms.filter((h) => h !== null).length, 0));
  for (const { schema, histograms, window } of groups) {
    for (const [i, series] of schema!.histograms.entries()) {
      const histogram = histograms[i] ?? null;
      if (histogram !== null) writeEntry(series, window, () => writeHistogram(writer, histogram));
    }
  }
  return writer.take();
}

function writeGroup(group: SnapshotGroup, isKnown: boolean): void {
  writer.array(7);
  writer.string(group.name);
  const schema = group.schema === null ? null : encodedSchema(group.schema);
  const [high, low] = schema?.hash ?? group.schemaHash ?? [0n, 0n];
  writer.array(2);
  writer.u64(high);
  writer.u64(low);
  if (schema === null || isKnown) writer.nil();
  else writer.raw(schema.bytes);
  if (group.window === null) writer.nil();
  else writeWindow(group.window);
  writer.u64Array(group.counters, group.countersPresent);
  writer.i64Array(group.gauges, group.gaugesPresent);
  writer.array(group.histograms.length);
  for (const histogram of group.histograms) writeHistogram(writer, histogram);
}

function writeEntry(series: SeriesSchema, window: Window | null, writeValue: () => void): void {
  writer.array(window === null ? 3 : 4);
  writer.string(series.name);
  writeValue();
  writer.stringMap(series.labels, 'as given');
  if (window !== null) writeWindow(window);
}

function writeWindow({ beginNs, endNs }: Window): void {
  writer.array(2);
  writer.u64(beginNs);
  writer.u64(endNs);
}

/** writeTime: seconds and nanoseconds of a time or a duration in ns. */
function writeTime(ns: bigint): void {
  writer.array(2);
  writer.u64(ns / billion);
  writer.u64(ns % billion);
}

function presentCount(values: { readonly length: number }, present: Uint8Array | null): number {
  if (present === null) return values.length;
  return present.reduce((sum, byte) => sum + (byte === 0 ? 0 : 1), 0);
}
