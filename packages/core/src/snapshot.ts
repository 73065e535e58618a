import type { HistogramConfig } from './histogram.ts';

/** Labels: the metadata of one series as it travels: `metric`, `sampler`, `unit` and the labels proper. */
export type Labels = Readonly<Record<string, string>>;

/** SeriesSchema: one series of a group: an opaque id that is unique in the snapshot, and its metadata. */
export interface SeriesSchema {
  readonly name: string;
  readonly labels: Labels;
}

/**
 * GroupSchema: the series of a group, by kind; values line up with it by position. The object is immutable and its
 * identity is the cache key of encoders: a group whose membership or labels change gets a new object.
 */
export interface GroupSchema {
  readonly counters: readonly SeriesSchema[];
  readonly gauges: readonly SeriesSchema[];
  readonly histograms: readonly SeriesSchema[];
}

/** SchemaHash: FNV-1a 128 over the compact msgpack of a GroupSchema, as two u64: high, low. */
export type SchemaHash = readonly [high: bigint, low: bigint];

/** Window: when the values of a group were read, in ns since the epoch. */
export interface Window {
  readonly beginNs: bigint;
  readonly endNs: bigint;
}

/** HistogramValue: cumulative bucket counts since the start of the sampler. */
export interface HistogramValue {
  readonly config: HistogramConfig;
  readonly buckets: BigUint64Array;
}

/**
 * SnapshotGroup: series that were read together. `*Present` is null where every value is present, else one byte per
 * value, 0 = registered but no reading this time.
 */
export interface SnapshotGroup {
  /** `<sampler>/<group>`, e.g. `cpu_usage/cpu_usage_cpu`. */
  readonly name: string;
  readonly schema: GroupSchema | null;
  /** Known on decoded groups; encoders compute it from the schema where it is null. */
  readonly schemaHash: SchemaHash | null;
  readonly window: Window | null;
  readonly counters: BigUint64Array;
  readonly countersPresent: Uint8Array | null;
  readonly gauges: BigInt64Array;
  readonly gaugesPresent: Uint8Array | null;
  readonly histograms: readonly (HistogramValue | null)[];
}

/** Snapshot: everything an agent has to say at one time. Groups are sorted by name. */
export interface Snapshot {
  /** Wall clock at the start of the refresh, ns since the epoch. */
  readonly systemTimeNs: bigint;
  /** How long the refresh took, ns. */
  readonly durationNs: bigint;
  readonly metadata: Labels;
  readonly groups: readonly SnapshotGroup[];
}
