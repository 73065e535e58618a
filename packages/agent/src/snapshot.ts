import { type Clock, type Labels, type SamplerSet, type Snapshot, systemClock } from '@rezolus/core';
import { encodeV2, encodeV3, toJson } from '@rezolus/exposition';

/** SnapshotFormat: how a snapshot leaves the agent. */
export type SnapshotFormat = 'v2' | 'v3' | 'json';

type Encodings = Map<SnapshotFormat, Buffer>;

const encoders: Readonly<Record<SnapshotFormat, (snapshot: Snapshot) => Buffer>> = {
  v2: (snapshot) => bufferOf(encodeV2(withoutWindows(snapshot))),
  v3: (snapshot) => bufferOf(encodeV3(snapshot)),
  json: (snapshot) => Buffer.from(toJson(snapshot)),
};

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
 * who ask meanwhile share it. Samplers overwrite their storage in place, so a snapshot is encoded before the next
 * refresh can begin: for all who wait at the end of the refresh, for later readers when they ask.
 */
export class SnapshotCache {
  readonly #samplers: SnapshotCacheOptions['samplers'];
  readonly #metadata: Labels;
  readonly #ttlNs: bigint;
  readonly #clock: Clock;
  readonly #wanted = new Set<SnapshotFormat>();
  #pending: Promise<Encodings> | null = null;
  #snapshot: Snapshot | null = null;
  #encodings: Encodings = new Map();
  #startedNs = 0n;

  constructor({ samplers, metadata, ttlMs, clock = systemClock }: SnapshotCacheOptions) {
    this.#samplers = samplers;
    this.#metadata = metadata;
    this.#ttlNs = BigInt(Math.round(ttlMs * 1e6));
    this.#clock = clock;
  }

  /** read: an encoded snapshot that is not older than the TTL; the same bytes object while it lasts. */
  async read(format: SnapshotFormat): Promise<Buffer> {
    if (this.#pending === null && this.#isFresh()) return this.#encoded(format);
    this.#wanted.add(format);
    this.#pending ??= this.#refresh();
    return (await this.#pending).get(format)!;
  }

  #isFresh(): boolean {
    return this.#snapshot !== null && this.#clock.monotonicNs() - this.#startedNs <= this.#ttlNs;
  }

  async #refresh(): Promise<Encodings> {
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
      this.#encodings = new Map();
      for (const format of this.#wanted) this.#encoded(format);
      return this.#encodings;
    } finally {
      this.#wanted.clear();
      this.#pending = null;
    }
  }

  #encoded(format: SnapshotFormat): Buffer {
    let bytes = this.#encodings.get(format);
    if (bytes === undefined) {
      bytes = encoders[format](this.#snapshot!);
      this.#encodings.set(format, bytes);
    }
    return bytes;
  }
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
