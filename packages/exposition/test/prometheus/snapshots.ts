import {
  bucketCount,
  bucketIndex,
  defaultHistogram,
  type GroupSchema,
  type HistogramValue,
  type Labels,
  type Snapshot,
  type SnapshotGroup,
} from '@rezolus/core';

/** Series: one series of a test snapshot: labels with `metric`, and its value. */
export interface Series<Value> {
  readonly labels: Labels;
  readonly value: Value;
}

/** GroupContent: the series of a test group by kind. */
export interface GroupContent {
  readonly counters?: readonly Series<bigint | null>[];
  readonly gauges?: readonly Series<bigint | null>[];
  readonly histograms?: readonly Series<HistogramValue | null>[];
}

let id = 0;
const schemas = new Map<string, GroupSchema>();

/** groupOf: a group; the same labels give the same schema object, as a decoder does. */
export function groupOf(name: string, content: GroupContent): SnapshotGroup {
  const { counters = [], gauges = [], histograms = [] } = content;
  const key = JSON.stringify([
    name,
    ...[counters, gauges, histograms].map((list) => list.map((s) => s.labels)),
  ]);
  let schema = schemas.get(key);
  if (schema === undefined) {
    const describe = (list: readonly Series<unknown>[]) =>
      list.map(({ labels }) => ({ name: String(id++), labels }));
    schema = { counters: describe(counters), gauges: describe(gauges), histograms: describe(histograms) };
    schemas.set(key, schema);
  }
  return {
    name,
    schema,
    schemaHash: null,
    window: null,
    counters: BigUint64Array.from(counters, ({ value }) => value ?? 0n),
    countersPresent: Uint8Array.from(counters, ({ value }) => (value === null ? 0 : 1)),
    gauges: BigInt64Array.from(gauges, ({ value }) => value ?? 0n),
    gaugesPresent: Uint8Array.from(gauges, ({ value }) => (value === null ? 0 : 1)),
    histograms: histograms.map(({ value }) => value),
  };
}

/** snapshotOf: a snapshot of groups `s/0`, `s/1`, … */
export function snapshotOf(...contents: readonly GroupContent[]): Snapshot {
  return {
    systemTimeNs: BigInt(Date.now()) * 1_000_000n,
    durationNs: 1000n,
    metadata: { source: 'rezolus', version: 'test' },
    groups: contents.map((content, i) => groupOf(`s/${i}`, content)),
  };
}

/** histogramOf: a histogram of our usual shape that counted these values. */
export function histogramOf(values: Iterable<bigint | number>, config = defaultHistogram): HistogramValue {
  const buckets = new BigUint64Array(bucketCount(config));
  for (const value of values) {
    const index = bucketIndex(BigInt(value), config);
    buckets[index] = buckets[index]! + 1n;
  }
  return { config, buckets };
}
