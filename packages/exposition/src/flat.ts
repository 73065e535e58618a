import type { HistogramValue, SeriesSchema, SnapshotGroup, Window } from '@rezolus/core';
import { readHistogram } from './histogram.ts';
import { malformed } from './msgpack/error.ts';
import type { MsgpackReader } from './msgpack/reader.ts';

interface FlatGroup {
  readonly window: Window | null;
  readonly counters: { series: SeriesSchema; value: bigint }[];
  readonly gauges: { series: SeriesSchema; value: bigint }[];
  readonly histograms: { series: SeriesSchema; value: HistogramValue }[];
}

/**
 * readFlatGroups: the three flat lists of a V1 or V2 snapshot as groups: entries with the same label `sampler` and
 * the same window make one. A group is named `<sampler>/main` without a window, else `<sampler>/<n>`, n counting
 * the sampler's windows in the order in which they come up; entries without the label go to `unattributed`.
 */
export function readFlatGroups(reader: MsgpackReader): SnapshotGroup[] {
  const samplers = new Map<string, Map<string, FlatGroup>>();
  readEntries(
    reader,
    () => reader.u64(),
    (series, window, value) => groupOf(samplers, series, window).counters.push({ series, value }),
  );
  readEntries(
    reader,
    () => reader.i64(),
    (series, window, value) => groupOf(samplers, series, window).gauges.push({ series, value }),
  );
  readEntries(
    reader,
    () => readHistogram(reader),
    (series, window, value) => groupOf(samplers, series, window).histograms.push({ series, value }),
  );
  const groups: SnapshotGroup[] = [];
  for (const [sampler, windows] of samplers) {
    let windowed = 0;
    for (const group of windows.values()) {
      groups.push(toGroup(`${sampler}/${group.window === null ? 'main' : ++windowed}`, group));
    }
  }
  return groups.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function readEntries<T>(
  reader: MsgpackReader,
  readValue: () => T,
  add: (series: SeriesSchema, window: Window | null, value: T) => void,
): void {
  for (let left = reader.array(4); left > 0; left--) {
    const at = reader.position;
    const arity = reader.array();
    if (arity !== 3 && arity !== 4) throw malformed('an entry is not an array of 3 or 4', at);
    const name = reader.string();
    const value = readValue();
    const labels = reader.stringMap();
    add({ name, labels }, arity === 4 ? readWindow(reader) : null, value);
  }
}

/** readWindow: `[begin, end]` in ns since the epoch. */
export function readWindow(reader: MsgpackReader): Window {
  reader.tuple(2, 'a window');
  return { beginNs: reader.u64(), endNs: reader.u64() };
}

function groupOf(
  samplers: Map<string, Map<string, FlatGroup>>,
  { labels }: SeriesSchema,
  window: Window | null,
): FlatGroup {
  const sampler = labels.sampler ?? 'unattributed';
  let windows = samplers.get(sampler);
  if (windows === undefined) {
    windows = new Map();
    samplers.set(sampler, windows);
  }
  const key = window === null ? '' : `${window.beginNs}-${window.endNs}`;
  let group = windows.get(key);
  if (group === undefined) {
    group = { window, counters: [], gauges: [], histograms: [] };
    windows.set(key, group);
  }
  return group;
}

function toGroup(name: string, { window, counters, gauges, histograms }: FlatGroup): SnapshotGroup {
  return {
    name,
    schema: {
      counters: counters.map((entry) => entry.series),
      gauges: gauges.map((entry) => entry.series),
      histograms: histograms.map((entry) => entry.series),
    },
    schemaHash: null,
    window,
    counters: BigUint64Array.from(counters, (entry) => entry.value),
    countersPresent: null,
    gauges: BigInt64Array.from(gauges, (entry) => entry.value),
    gaugesPresent: null,
    histograms: histograms.map((entry) => entry.value),
  };
}
