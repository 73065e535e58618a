import type { BpfObject, BpfObjectSpec, FieldSpec, MappedMap, Member, MetricGroup } from '@rezolus/core';

/** maxCgroups: ids of cgroups that are measured; the kernel hands out the smallest free one, so live cgroups count. */
export const maxCgroups = 4096;

interface Cgroup {
  readonly id: number;
  readonly serialLow: number;
  readonly serialHigh: number;
}

/**
 * CgroupTable: the user-space half of `rezolus/cgroup.h`: which cgroups there are, and their counters summed over the
 * rows of all CPUs. A row counts only under the serial of the cgroup that has the id now.
 */
export class CgroupTable {
  members: readonly Member[] = [];

  readonly #names: MappedMap;
  readonly #fields: Readonly<Record<string, FieldSpec>>;
  readonly #rows: MappedMap;
  readonly #banks: MappedMap;
  readonly #events: { readonly started: number; readonly highest: number; readonly unmeasured: number };
  readonly #capacity: number;
  readonly #cpus: number;
  readonly #synced = new WeakMap<MetricGroup, readonly Member[]>();
  #cgroups: readonly Cgroup[] = [];
  #paths: ReadonlyMap<number, string> = new Map();
  #started = -1;

  /**
   * `object` has the maps `cgroup_names`, `cgroups` (one row per CPU and cgroup, which begins with its serial) and
   * `banks`; `bankStruct` names the struct of the latter, which has a `struct cgroup_events cgroups`.
   */
  constructor(object: BpfObject, { structs }: BpfObjectSpec, bankStruct: string) {
    this.#names = object.map('cgroup_names');
    this.#fields = structs.cgroup_name!.fields;
    this.#rows = object.map('cgroups');
    this.#banks = object.map('banks');
    const bank = structs[bankStruct]!.fields;
    this.#events = {
      started: bank['cgroups.started']!.offset,
      highest: bank['cgroups.highest']!.offset,
      unmeasured: bank['cgroups.unmeasured']!.offset,
    };
    this.#capacity = this.#names.entries;
    this.#cpus = this.#rows.entries / this.#names.entries;
  }

  /** unmeasured: events that were not attributed because the cgroup's id is beyond the table. */
  get unmeasured(): number {
    return totalOf(this.#banks, this.#events.unmeasured);
  }

  /** refresh: reads names again where any CPU has met a new cgroup since the last call. */
  refresh(): void {
    const started = totalOf(this.#banks, this.#events.started);
    if (started === this.#started) return;
    this.#started = started;
    const cgroups: Cgroup[] = [];
    const paths = new Map<number, string>();
    const highest = largestOf(this.#banks, this.#events.highest);
    for (let id = 0; id <= highest && id < this.#capacity; id++) {
      const word = (id * this.#names.stride) >>> 2;
      const serialLow = this.#names.u32[word]!;
      const serialHigh = this.#names.u32[word + 1]!;
      if (serialLow === 0 && serialHigh === 0) continue;
      cgroups.push({ id, serialLow, serialHigh });
      paths.set(id, this.#path(id));
    }
    this.#cgroups = cgroups;
    this.#paths = paths;
    this.members = [...paths].map(([id, name]) => ({ id, labels: { id: String(id), name } }));
  }

  /** name: the path of a cgroup, or an empty text where it is not in the table. */
  name(id: number): string {
    return this.#paths.get(id) ?? '';
  }

  /**
   * read: writes the counters at `offsets` of every cgroup into `group`, metric by metric, after giving the group the
   * current members, and stamps its window.
   */
  read(group: MetricGroup, offsets: readonly number[]): void {
    if (this.#synced.get(group) !== this.members) {
      group.setMembers(this.members);
      this.#synced.set(group, this.members);
    }
    group.beginRead();
    const target = new Uint32Array(group.counters.buffer);
    for (const [metric, offset] of offsets.entries()) {
      for (const [index, cgroup] of this.#cgroups.entries()) {
        this.#sum(target, (metric * this.#cgroups.length + index) * 2, cgroup, offset);
      }
    }
    group.endRead();
  }

  #sum(target: Uint32Array, at: number, { id, serialLow, serialHigh }: Cgroup, offset: number): void {
    const { u32, stride } = this.#rows;
    let low = 0;
    let high = 0;
    for (let cpu = 0; cpu < this.#cpus; cpu++) {
      const row = ((cpu * this.#capacity + id) * stride) >>> 2;
      if (u32[row] !== serialLow || u32[row + 1] !== serialHigh) continue;
      const word = row + (offset >>> 2);
      // Read as two halves: take the high one again until it did not change in between.
      let rowHigh = u32[word + 1]!;
      let rowLow = u32[word]!;
      for (let again = u32[word + 1]!; again !== rowHigh; again = u32[word + 1]!) {
        rowHigh = again;
        rowLow = u32[word]!;
      }
      low += rowLow;
      high += rowHigh;
      if (low > 0xffff_ffff) {
        low -= 0x1_0000_0000;
        high++;
      }
    }
    target[at] = low;
    target[at + 1] = high;
  }

  /** The path as the original writes it: up to three levels, `...` where there are more. */
  #path(id: number): string {
    const base = id * this.#names.stride;
    const level = new DataView(this.#names.bytes.buffer, this.#names.bytes.byteOffset).getInt32(
      base + this.#fields.level!.offset,
      true,
    );
    if (level === 0) return '/';
    const parts = ['grandparent', 'parent', 'name']
      .map((field) => this.#text(base, field))
      .filter((part) => part !== '');
    return `${level > 3 ? '...' : ''}/${parts.join('/')}`.replaceAll('\\x2d', '-');
  }

  #text(base: number, field: string): string {
    const { offset, count } = this.#fields[field]!;
    const bytes = this.#names.bytes.subarray(base + offset, base + offset + count);
    const end = bytes.indexOf(0);
    return Buffer.from(bytes.subarray(0, end < 0 ? count : end)).toString('utf8');
  }
}

/** totalOf: a u64 of every bank added up as a double; for drop counts and change detection. */
export function totalOf(banks: MappedMap, offset: number): number {
  let total = 0;
  for (let cpu = 0; cpu < banks.entries; cpu++) {
    const word = (cpu * banks.stride + offset) >>> 2;
    total += banks.u32[word]! + banks.u32[word + 1]! * 0x1_0000_0000;
  }
  return total;
}

function largestOf(banks: MappedMap, offset: number): number {
  let largest = 0;
  for (let cpu = 0; cpu < banks.entries; cpu++)
    largest = Math.max(largest, banks.u32[(cpu * banks.stride + offset) >>> 2]!);
  return largest;
}
