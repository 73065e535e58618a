import type { BpfObject, BpfObjectSpec, MappedMap, Member, MetricGroup, StructSpec } from '@rezolus/core';
import { identityOf } from './cgroup-identity.ts';
import { CgroupPaths } from './cgroup-path.ts';
import { ContainerDirectory } from './container-names.ts';

/** maxCgroups: ids of cgroups that are measured; the kernel hands out the smallest free one, so live cgroups count. */
export const maxCgroups = 4096;

const containers = new ContainerDirectory();

/** CGROUP_REMOVED of `rezolus/cgroup.h`, in the high half of a serial. */
const removedMark = 0x8000_0000;

/** Cgroup: a cgroup that exists, its serial in halves. */
export interface Cgroup {
  readonly id: number;
  readonly serialLow: number;
  readonly serialHigh: number;
  readonly member: Member;
}

/**
 * CgroupTable: the user-space half of `rezolus/cgroup.h`: which cgroups there are, and their counters summed over the
 * rows of all CPUs. A row counts only under the serial of the cgroup that has the id now; a removed cgroup is no
 * member any more, and what it counted goes to `readEnded`.
 */
export class CgroupTable {
  members: readonly Member[] = [];
  /** cgroups: those of `members`, in the same order. */
  cgroups: readonly Cgroup[] = [];

  readonly #object: BpfObject;
  readonly #paths = new CgroupPaths();
  readonly #nameSpec: StructSpec;
  readonly #name: Uint8Array;
  readonly #serials: MappedMap;
  readonly #removals: MappedMap;
  readonly #rows: MappedMap;
  readonly #banks: MappedMap;
  readonly #events: { readonly started: number; readonly highest: number; readonly unmeasured: number };
  readonly #cpus: number;
  readonly #synced = new WeakMap<MetricGroup, readonly Member[]>();
  readonly #endedRead = new WeakMap<MetricGroup, number>();
  #byId = new Map<number, Cgroup>();
  #changes = -1;
  #highest = 0;

  /**
   * `object` has the maps of `rezolus/cgroup.h`, `cgroups` (one row per CPU and cgroup, which begins with its serial) and
   * `banks`; `bankStruct` names the struct of the latter, which has a `struct cgroup_events cgroups`.
   */
  constructor(object: BpfObject, { structs }: BpfObjectSpec, bankStruct: string) {
    this.#object = object;
    this.#nameSpec = structs.cgroup_name!;
    this.#name = new Uint8Array(this.#nameSpec.size);
    this.#serials = object.map('cgroup_serials');
    this.#removals = object.map('cgroup_removals');
    this.#rows = object.map('cgroups');
    this.#banks = object.map('banks');
    const bank = structs[bankStruct]!.fields;
    this.#events = {
      started: bank['cgroups.started']!.offset,
      highest: bank['cgroups.highest']!.offset,
      unmeasured: bank['cgroups.unmeasured']!.offset,
    };
    this.#cpus = this.#rows.entries / this.#serials.entries;
  }

  /** unmeasured: events that were not attributed because the cgroup's id is beyond the table. */
  get unmeasured(): number {
    return totalOf(this.#banks, this.#events.unmeasured);
  }

  /** refresh: where any CPU has met a new cgroup or one was removed since the last call, brings `members` up to date. */
  refresh(): void {
    const changes = totalOf(this.#banks, this.#events.started) + this.#removals.u32[0]!;
    if (changes === this.#changes) return;
    this.#changes = changes;
    const byId = new Map<number, Cgroup>();
    this.#highest = Math.min(largestOf(this.#banks, this.#events.highest), this.#serials.entries - 1);
    for (let id = 1; id <= this.#highest; id++) {
      const serialLow = this.#serials.u32[id * 2]!;
      const serialHigh = this.#serials.u32[id * 2 + 1]!;
      if ((serialLow === 0 && serialHigh === 0) || serialHigh >= removedMark) continue;
      const known = this.#byId.get(id);
      const same = known?.serialLow === serialLow && known.serialHigh === serialHigh;
      byId.set(id, same ? known : { id, serialLow, serialHigh, member: this.#member(id) });
    }
    const changed =
      byId.size !== this.#byId.size || [...byId].some(([id, one]) => one !== this.#byId.get(id));
    this.#byId = byId;
    if (!changed) return;
    this.cgroups = [...byId.values()];
    this.members = this.cgroups.map(({ member }) => member);
  }

  /** name: the path of a cgroup, or an empty text where it is not in the table. */
  name(id: number): string {
    return this.#byId.get(id)?.member.labels.name ?? '';
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
      for (const [index, cgroup] of this.cgroups.entries()) {
        this.#sum(target, (metric * this.cgroups.length + index) * 2, cgroup, offset);
      }
    }
    group.endRead();
  }

  /**
   * readEnded: writes the counters at `offsets`, summed over the cgroups that were removed since the start, into a group
   * per host. Where nothing came or went since the last call, only the window is new.
   */
  readEnded(group: MetricGroup, offsets: readonly number[]): void {
    group.beginRead();
    if (this.#endedRead.get(group) !== this.#changes) {
      this.#endedRead.set(group, this.#changes);
      for (const [metric, ended] of this.#ended(offsets).entries()) {
        // While a row is given to another cgroup, what it holds is nowhere for a moment.
        if (ended > group.counters[metric]!) group.counters[metric] = ended;
      }
    }
    group.endRead();
  }

  /** Row 0 of each CPU, and the rows of removed cgroups whose id nobody has yet, added up for each offset. */
  #ended(offsets: readonly number[]): bigint[] {
    const { u32, u64, stride } = this.#rows;
    const serials = this.#serials.u32;
    const totals = offsets.map(() => 0n);
    for (let cpu = 0; cpu < this.#cpus; cpu++) {
      for (let id = 0; id <= this.#highest; id++) {
        const row = (cpu * this.#serials.entries + id) * stride;
        const low = u32[row >>> 2]!;
        const high = u32[(row >>> 2) + 1]!;
        // A serial is written there before it is in any row.
        const live = serials[id * 2] === low && serials[id * 2 + 1] === high;
        const unused = low === 0 && high === 0;
        if (id > 0 && (live || unused)) continue;
        for (const [metric, offset] of offsets.entries()) totals[metric]! += u64[(row + offset) >>> 3]!;
      }
    }
    return totals;
  }

  #sum(target: Uint32Array, at: number, { id, serialLow, serialHigh }: Cgroup, offset: number): void {
    const { u32, stride } = this.#rows;
    let low = 0;
    let high = 0;
    for (let cpu = 0; cpu < this.#cpus; cpu++) {
      const row = ((cpu * this.#serials.entries + id) * stride) >>> 2;
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

  /**
   * `name` is as the original writes it: up to three levels, `...` where there are more. The full path comes from the
   * file system, where the cgroup still exists; whose it is, from that.
   */
  #member(id: number): Member {
    this.#object.lookup('cgroup_names', id, this.#name);
    const { fields } = this.#nameSpec;
    const view = new DataView(this.#name.buffer);
    const level = view.getInt32(fields.level!.offset, true);
    const parts = ['grandparent', 'parent', 'name']
      .map((field) => this.#text(field))
      .filter((part) => part !== '');
    const short = level === 0 ? '/' : `${level > 3 ? '...' : ''}/${parts.join('/')}`;
    const path = this.#paths.path(view.getBigUint64(fields.kn_id!.offset, true)) ?? short;
    const identity = identityOf(path);
    return {
      id,
      labels: {
        id: String(id),
        name: short.replaceAll('\\x2d', '-'),
        ...(path !== short && { path }),
        ...identity,
        ...(identity.container_id !== undefined && containers.labels(identity.container_id)),
      },
    };
  }

  #text(field: string): string {
    const { offset, count } = this.#nameSpec.fields[field]!;
    const bytes = this.#name.subarray(offset, offset + count);
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
