import type { MappedMap, Member, MetricGroup, StructSpec } from '@rezolus/core';
import { totalOf } from '@rezolus/libbpf';
import type { Disks } from './disks.ts';

/** DeviceEvents: where the per-CPU banks keep the count of rows that were started (`struct device_events`). */
export interface DeviceEvents {
  readonly banks: MappedMap;
  readonly startedOffset: number;
}

interface Device {
  readonly id: number;
  readonly serial: bigint;
  readonly member: Member;
}

/**
 * DeviceTable: the user-space half of devices.bpf.h: the disks that did I/O since the agent started and are still
 * there. Values count only under the serial of the disk that has the queue id now.
 */
export class DeviceTable {
  members: readonly Member[] = [];

  readonly #names: MappedMap;
  readonly #name: StructSpec['fields'][string];
  readonly #events: DeviceEvents;
  readonly #disks: Disks;
  readonly #synced = new WeakMap<MetricGroup, readonly Member[]>();
  readonly #gone = new Map<number, bigint>();
  #devices: readonly Device[] = [];
  #started = -1;
  #tick = -1;

  constructor(names: MappedMap, nameSpec: StructSpec, events: DeviceEvents, disks: Disks) {
    this.#names = names;
    this.#name = nameSpec.fields.name!;
    this.#events = events;
    this.#disks = disks;
  }

  /** refresh: once per tick: finds new disks where any CPU has met one, and those that are gone where devices changed. */
  refresh(tick: number): void {
    if (tick === this.#tick) return;
    this.#tick = tick;
    const started = totalOf(this.#events.banks, this.#events.startedOffset);
    const changed = this.#disks.changed();
    if (started === this.#started && !changed) return;
    this.#started = started;
    const before = new Map(this.#devices.map((device) => [device.id, device]));
    const devices: Device[] = [];
    for (let id = 0; id < this.#names.entries; id++) {
      const serial = this.#names.u64[(id * this.#names.stride) / 8]!;
      if (serial === 0n || this.#gone.get(id) === serial) continue;
      const known = before.get(id);
      const device = known?.serial === serial ? known : this.#meet(id, serial);
      if ((device !== known || changed) && !this.#disks.has(device.member.labels.device!, serial)) {
        this.#gone.set(id, serial);
      } else {
        devices.push(device);
      }
    }
    if (devices.length === before.size && devices.every((device) => before.get(device.id) === device)) return;
    this.#devices = devices;
    this.members = devices.map(({ member }) => member);
  }

  /** sync: gives a group the current members, where it does not have them. */
  sync(group: MetricGroup): void {
    if (this.#synced.get(group) === this.members) return;
    group.setMembers(this.members);
    this.#synced.set(group, this.members);
  }

  /**
   * sum: adds up, over all CPUs, the first `count` u64 after the serial in `struct device_row`s, row (CPU, id) at
   * `cpu * capacity + id`: value m of device e goes to `target[m * devices + e]`.
   */
  sum(target: BigUint64Array, rows: MappedMap, count: number): void {
    const words = rows.stride / 8;
    const devices = this.#devices.length;
    for (const [index, { id, serial }] of this.#devices.entries()) {
      for (let value = 0; value < count; value++) target[value * devices + index] = 0n;
      for (let row = id; row < rows.entries; row += this.#names.entries) {
        const at = row * words;
        if (rows.u64[at] !== serial) continue;
        for (let value = 0; value < count; value++) {
          const slot = value * devices + index;
          target[slot] = target[slot]! + rows.u64[at + 1 + value]!;
        }
      }
    }
  }

  /**
   * copy: copies the histograms of each device, which begin `offset` bytes into its `struct device_latency`, to
   * `group`; all are empty where they are still those of another disk.
   */
  copy(group: MetricGroup, latencies: MappedMap, offset: number): void {
    const devices = this.#devices.length;
    const count = devices === 0 ? 0 : group.histograms.length / devices;
    for (const [index, { id, serial }] of this.#devices.entries()) {
      const at = (id * latencies.stride) / 8;
      const current = latencies.u64[at] === serial;
      for (let metric = 0; metric < count; metric++) {
        const { buckets } = group.histograms[metric * devices + index]!;
        const from = at + offset / 8 + metric * buckets.length;
        if (current) buckets.set(latencies.u64.subarray(from, from + buckets.length));
        else buckets.fill(0n);
      }
    }
  }

  #meet(id: number, serial: bigint): Device {
    const { offset, count } = this.#name;
    const base = id * this.#names.stride + offset;
    const bytes = this.#names.bytes.subarray(base, base + count);
    const end = bytes.indexOf(0);
    const device = Buffer.from(bytes.subarray(0, end < 0 ? count : end)).toString('utf8');
    return { id, serial, member: { id, labels: { device } } };
  }
}
