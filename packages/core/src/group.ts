import { bucketCount, defaultHistogram } from './histogram.ts';
import type { GroupDeclaration, Member, MetricDeclaration, MetricKind } from './metrics.ts';
import type { GroupSchema, HistogramValue, SeriesSchema, SnapshotGroup, Window } from './snapshot.ts';

/** Clock: wall and monotonic time in ns; handed in so that tests own time. */
export interface Clock {
  wallNs(): bigint;
  monotonicNs(): bigint;
}

/** systemClock: the clocks of this machine. The wall clock is read once and carried on by the monotonic one within a window. */
export const systemClock: Clock = {
  wallNs: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n,
  monotonicNs: () => process.hrtime.bigint(),
};

const hostMember: readonly Member[] = [{ id: -1, labels: {} }];

/**
 * MetricGroup: the storage of one declared group. Samplers write `counters`, `gauges` and `histograms` in place;
 * the value of metric `m` (position among the metrics of its kind) and member `e` (position in `members`) is at
 * `m * members.length + e`. Nothing is allocated between two changes of membership.
 */
export class MetricGroup implements SnapshotGroup {
  readonly name: string;
  readonly schemaHash = null;
  /** Number of its first metric in wire names. */
  readonly firstIndex: number;
  schema: GroupSchema;
  counters = new BigUint64Array(0);
  countersPresent: Uint8Array | null = null;
  gauges = new BigInt64Array(0);
  gaugesPresent: Uint8Array | null = null;
  histograms: HistogramValue[] = [];
  window: Window | null = null;
  members: readonly Member[];

  readonly #sampler: string;
  readonly #declaration: GroupDeclaration;
  readonly #clock: Clock;
  #beganWall = 0n;
  #beganMonotonic = 0n;

  /** `firstIndex` numbers the metrics of the group in wire names: `<index>` or `<index>x<member id>`. */
  constructor(
    sampler: string,
    declaration: GroupDeclaration,
    firstIndex: number,
    clock: Clock = systemClock,
  ) {
    this.name = `${sampler}/${declaration.name}`;
    this.#sampler = sampler;
    this.#declaration = declaration;
    this.firstIndex = firstIndex;
    this.#clock = clock;
    this.members = declaration.per === 'host' ? hostMember : [];
    this.schema = this.#rebuild();
  }

  /** metrics: the declarations of one kind in the order of their slots. */
  metrics(kind: MetricKind): readonly MetricDeclaration[] {
    return this.#declaration.metrics.filter((metric) => metric.kind === kind);
  }

  /**
   * setMembers: replaces the entities. Values start at zero and the schema object is new, so call it only when
   * membership or a label changed.
   */
  setMembers(members: readonly Member[]): void {
    this.members = members;
    this.schema = this.#rebuild();
  }

  /** beginRead: call before the first value of a refresh is read. */
  beginRead(): void {
    this.#beganWall = this.#clock.wallNs();
    this.#beganMonotonic = this.#clock.monotonicNs();
  }

  /** endRead: call after the last value was read; stamps the acquisition window. A failed read does not call it. */
  endRead(): void {
    const width = this.#clock.monotonicNs() - this.#beganMonotonic;
    this.window = { beginNs: this.#beganWall, endNs: this.#beganWall + width };
  }

  /**
   * storeRows: sets all counters and gauges: `rows[e][m]` is metric `m`, in the order of the declaration, of member
   * `e`; null is absent. Who read them earlier sets `window` as well.
   */
  storeRows(rows: readonly (readonly (bigint | null)[])[]): void {
    const present = {
      counter: new Uint8Array(this.counters.length),
      gauge: new Uint8Array(this.gauges.length),
    };
    const next = { counter: 0, gauge: 0 };
    for (const [position, { kind }] of this.#declaration.metrics.entries()) {
      if (kind === 'histogram') continue;
      const values = kind === 'counter' ? this.counters : this.gauges;
      for (let member = 0; member < this.members.length; member++) {
        const value = rows[member]?.[position] ?? null;
        const slot = next[kind]++;
        values[slot] = value ?? 0n;
        present[kind][slot] = value === null ? 0 : 1;
      }
    }
    this.countersPresent = present.counter.includes(0) ? present.counter : null;
    this.gaugesPresent = present.gauge.includes(0) ? present.gauge : null;
  }

  #rebuild(): GroupSchema {
    const schema = {
      counters: this.#series('counter'),
      gauges: this.#series('gauge'),
      histograms: this.#series('histogram'),
    };
    this.counters = new BigUint64Array(schema.counters.length);
    this.gauges = new BigInt64Array(schema.gauges.length);
    this.countersPresent = null;
    this.gaugesPresent = null;
    const buckets = bucketCount(defaultHistogram);
    // The 4 KB of each are used again: where cgroups come and go, new ones would pile up between two collections.
    const spare = this.histograms;
    this.histograms = schema.histograms.map((_, index) => {
      spare[index]?.buckets.fill(0n);
      return spare[index] ?? { config: defaultHistogram, buckets: new BigUint64Array(buckets) };
    });
    return schema;
  }

  #series(kind: MetricKind): SeriesSchema[] {
    const powers: Record<string, string> =
      kind === 'histogram'
        ? {
            grouping_power: String(defaultHistogram.groupingPower),
            max_value_power: String(defaultHistogram.maxValuePower),
          }
        : {};
    return this.#declaration.metrics.flatMap((metric, position) => {
      if (metric.kind !== kind) return [];
      const index = this.firstIndex + position;
      const unit: Record<string, string> = metric.unit === undefined ? {} : { unit: metric.unit };
      return this.members.map((member) => ({
        name: member.id < 0 ? String(index) : `${index}x${member.id}`,
        labels: {
          ...powers,
          ...unit,
          ...member.labels,
          ...metric.labels,
          metric: metric.name,
          sampler: this.#sampler,
        },
      }));
    });
  }
}
