import { type Clock, type Labels, type SamplerSet, type Snapshot, systemClock } from '@rezolus/core';
import { encodeV2, encodeV3, toJson } from '@rezolus/exposition';
import { SchemaHistory } from './schema-history.ts';

const formats = {
  v2: (snapshot: Snapshot) => bufferOf(encodeV2(withoutWindows(snapshot))),
  v3: (snapshot: Snapshot) => bufferOf(encodeV3(snapshot)),
  json: (snapshot: Snapshot) => Buffer.from(toJson(snapshot)),
};

/** SnapshotFormat: how a snapshot leaves the agent. */
export type SnapshotFormat = keyof typeof formats;

/** News: a snapshot in V3 without the schemas that its reader knows, and the state in which the reader is with it. */
export interface News {
  readonly bytes: Buffer;
  readonly state: string;
}

type Make<T> = (snapshot: Snapshot) => T;

/** copyOf: a snapshot that no refresh overwrites. Schemas are shared: nobody changes them. */
function copyOf(snapshot: Snapshot): Snapshot {
  const groups = snapshot.groups.map(
    ({ name, schema, schemaHash, window, counters, countersPresent, gauges, gaugesPresent, histograms }) => ({
      name,
      schema,
      schemaHash,
      window,
      counters: counters.slice(),
      countersPresent: countersPresent?.slice() ?? null,
      gauges: gauges.slice(),
      gaugesPresent: gaugesPresent?.slice() ?? null,
      histograms: histograms.map(
        (value) => value && { config: value.config, buckets: value.buckets.slice() },
      ),
    }),
  );
  return { ...snapshot, groups };
}

/** Readers of before 5.5 take a V2 entry of three elements only, and newer ones do without the fourth. */
function withoutWindows(snapshot: Snapshot): Snapshot {
  const groups = snapshot.groups.map(
    ({ name, schema, schemaHash, counters, countersPresent, gauges, gaugesPresent, histograms }) => ({
      name,
      schema,
      schemaHash,
      counters,
      countersPresent,
      gauges,
      gaugesPresent,
      histograms,
      window: null,
    }),
  );
  return { ...snapshot, groups };
}

/** SnapshotCacheOptions: `ttlMs` is the life of a snapshot, counted from the start of its refresh. */
export interface SnapshotCacheOptions {
  readonly samplers: Pick<SamplerSet, 'refresh' | 'groups'>;
  readonly metadata: Labels;
  readonly ttlMs: number;
  readonly clock?: Clock;
}

/**
 * SnapshotCache: refresh on read. A reader gets the last snapshot while it is fresh; else one refresh runs, and all
 * who ask meanwhile share it. Samplers overwrite their storage in place, so a snapshot takes its form before the next
 * refresh can begin: for all who wait at the end of the refresh, for later readers when they ask.
 */
export class SnapshotCache {
  readonly #samplers: SnapshotCacheOptions['samplers'];
  readonly #metadata: Labels;
  readonly #ttlNs: bigint;
  readonly #clock: Clock;
  readonly #schemas = new SchemaHistory();
  readonly #wanted = new Map<string, Make<unknown>>();
  #pending: Promise<Map<string, unknown>> | null = null;
  #snapshot: Snapshot | null = null;
  /** What was made of the snapshot, by the name of the form. */
  #forms = new Map<string, unknown>();
  #startedNs = 0n;

  constructor({ samplers, metadata, ttlMs, clock = systemClock }: SnapshotCacheOptions) {
    this.#samplers = samplers;
    this.#metadata = metadata;
    this.#ttlNs = BigInt(Math.round(ttlMs * 1e6));
    this.#clock = clock;
  }

  /** read: an encoded snapshot that is not older than the TTL; the same bytes object while it lasts. */
  read(format: SnapshotFormat): Promise<Buffer> {
    return this.#read(format, formats[format]);
  }

  /** readNews: as `read` in V3, for a reader that was told `state` with the last snapshot it got; empty = none. */
  readNews(state: string): Promise<News> {
    return this.#read(`since ${state}`, (snapshot) => ({
      bytes: bufferOf(encodeV3(snapshot, this.#schemas.knownAt(state))),
      state: this.#schemas.state,
    }));
  }

  /** copy: as `read`, for readers in this process: a snapshot that no refresh overwrites. */
  copy(): Promise<Snapshot> {
    return this.#read('copy', copyOf);
  }

  async #read<T>(form: string, make: Make<T>): Promise<T> {
    if (this.#pending === null && this.#isFresh()) return this.#formed(form, make) as T;
    this.#wanted.set(form, make);
    this.#pending ??= this.#refresh();
    return (await this.#pending).get(form) as T;
  }

  /** busyMs: how long the refresh under way has taken; 0 where there is none. */
  get busyMs(): number {
    return this.#pending === null ? 0 : Number(this.#clock.monotonicNs() - this.#startedNs) / 1e6;
  }

  #isFresh(): boolean {
    return this.#snapshot !== null && this.#clock.monotonicNs() - this.#startedNs <= this.#ttlNs;
  }

  async #refresh(): Promise<Map<string, unknown>> {
    try {
      this.#snapshot = null;
      const systemTimeNs = this.#clock.wallNs();
      this.#startedNs = this.#clock.monotonicNs();
      await this.#samplers.refresh();
      const durationNs = this.#clock.monotonicNs() - this.#startedNs;
      this.#snapshot = {
        systemTimeNs,
        durationNs,
        metadata: this.#metadata,
        groups: this.#samplers.groups(),
      };
      this.#schemas.take(this.#snapshot);
      this.#forms = new Map();
      for (const [form, make] of this.#wanted) this.#formed(form, make);
      return this.#forms;
    } finally {
      this.#wanted.clear();
      this.#pending = null;
    }
  }

  #formed(form: string, make: Make<unknown>): unknown {
    if (!this.#forms.has(form)) this.#forms.set(form, make(this.#snapshot!));
    return this.#forms.get(form);
  }
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
