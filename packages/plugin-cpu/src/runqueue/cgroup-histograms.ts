import type { MappedMap, MetricGroup } from '@rezolus/core';
import type { Cgroup, CgroupTable } from '@rezolus/libbpf';

/** CgroupHistograms: the user-space half of cgroup-times.bpf.h: the histograms of the cgroups that have any. */
export class CgroupHistograms {
  readonly #cgroups: CgroupTable;
  readonly #map: MappedMap;
  readonly #offset: number;
  readonly #capacity: number;
  #shown: readonly Cgroup[] = [];

  /** `map` has a `struct cgroup_times` per id below `capacity`; its first histogram begins `offset` bytes into it. */
  constructor(cgroups: CgroupTable, map: MappedMap, offset: number, capacity: number) {
    this.#cgroups = cgroups;
    this.#map = map;
    this.#offset = offset;
    this.#capacity = capacity;
  }

  /** read: copies them into `group`, which first becomes the group of these cgroups. After a refresh of the table. */
  read(group: MetricGroup): void {
    const shown = this.#cgroups.cgroups.filter((cgroup) => this.#belong(cgroup));
    if (shown.length !== this.#shown.length || shown.some((cgroup, index) => cgroup !== this.#shown[index])) {
      this.#shown = shown;
      group.setMembers(shown.map(({ member }) => member));
    }
    group.beginRead();
    for (const [index, { buckets }] of group.histograms.entries()) {
      const { id } = shown[index % shown.length]!;
      const metric = Math.floor(index / shown.length);
      const from = (id * this.#map.stride + this.#offset) / 8 + metric * buckets.length;
      buckets.set(this.#map.u64.subarray(from, from + buckets.length));
    }
    group.endRead();
  }

  /** Whether the histograms under the id are already those of this cgroup. */
  #belong({ id, serialLow, serialHigh }: Cgroup): boolean {
    const { u32, stride } = this.#map;
    const at = (id * stride) / 4;
    return id < this.#capacity && u32[at] === serialLow && u32[at + 1] === serialHigh;
  }
}
