import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MappedMap, MetricGroup } from '@rezolus/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeviceTable } from '../src/devices/device-table.ts';
import { Disks } from '../src/devices/disks.ts';
import { blockio } from '../src/gen/blockio.bpf.ts';
import { deviceLatencies } from '../src/latency/metrics.ts';
import { deviceCounters } from '../src/requests/metrics.ts';

const { device_name, device_row, device_latency } = blockio.structs;
const capacity = 4;
const cpus = 2;

function map(entries: number, size: number): MappedMap {
  const bytes = new Uint8Array(entries * size);
  return {
    bytes,
    u32: new Uint32Array(bytes.buffer),
    u64: new BigUint64Array(bytes.buffer),
    stride: size,
    entries,
  };
}

describe('disks', () => {
  let sys: string;
  let disks: Disks;
  let events = 0;
  const put = (path: string, text: string) => {
    mkdirSync(join(sys, path, '..'), { recursive: true });
    writeFileSync(join(sys, path), text);
  };
  /** A disk appears, or renews its number, and the kernel tells udev. */
  const plug = (name: string, serial: number | bigint) => {
    put(`block/${name}/diskseq`, `${serial}\n`);
    put('kernel/uevent_seqnum', `${++events}\n`);
  };
  const unplug = (name: string) => {
    rmSync(join(sys, 'block', name), { recursive: true });
    put('kernel/uevent_seqnum', `${++events}\n`);
  };
  beforeEach(() => {
    sys = mkdtempSync(join(tmpdir(), 'rezolus-test-sys-'));
    plug('sda', 1);
    disks = new Disks(sys);
  });
  afterEach(() => {
    disks[Symbol.dispose]();
    rmSync(sys, { recursive: true });
  });

  describe('Disks', () => {
    it('says once that something changed', () => {
      expect([disks.changed(), disks.changed()]).toEqual([true, false]);
      plug('sdb', 2);
      expect([disks.changed(), disks.changed(), disks.count()]).toEqual([true, false, 2]);
    });

    it('tells a disk from the next one of that name, and knows names with a slash', () => {
      plug('cciss!c0d0', 18_446_744_073_709_551_615n);
      expect(disks.has('sda', 1n)).toBe(true);
      expect(disks.has('sda', 2n)).toBe(false);
      expect(disks.has('sdz', 1n)).toBe(false);
      expect(disks.has('cciss/c0d0', 18_446_744_073_709_551_615n)).toBe(true);
      expect(disks.has('../kernel', 1n)).toBe(false);
    });

    it('tells nothing where there is no sysfs', () => {
      using none = new Disks(join(sys, 'none'));
      expect([none.changed(), none.has('sda', 1n), none.count()]).toEqual([false, true, 0]);
    });
  });

  describe('DeviceTable', () => {
    const names = () => map(capacity, device_name.size);
    let tables: { names: MappedMap; rows: MappedMap; latencies: MappedMap; banks: MappedMap };
    let table: DeviceTable;
    let group: MetricGroup;
    let histograms: MetricGroup;
    let tick = 0;
    beforeEach(() => {
      tables = {
        names: names(),
        rows: map(capacity * cpus, device_row.size),
        latencies: map(capacity, device_latency.size),
        banks: map(cpus, 64),
      };
      table = new DeviceTable(tables.names, device_name, { banks: tables.banks, startedOffset: 0 }, disks);
      group = new MetricGroup('blockio_requests', deviceCounters, 0);
      histograms = new MetricGroup('blockio_latency', deviceLatencies, 0);
    });

    const announce = (id: number, name: string, serial: bigint) => {
      tables.names.bytes.set(
        Buffer.from(`${name}\0`).subarray(0, 32),
        id * tables.names.stride + device_name.fields.name.offset,
      );
      tables.names.u64[(id * tables.names.stride) / 8] = serial;
      tables.banks.u64[0]!++;
    };
    const count = (cpu: number, id: number, serial: bigint, slot: number, value: bigint) => {
      const at = ((cpu * capacity + id) * tables.rows.stride) / 8;
      tables.rows.u64[at] = serial;
      tables.rows.u64[at + 1 + slot] = value;
    };
    const read = (): Record<string, bigint[]> => {
      table.refresh(++tick);
      table.sync(group);
      table.sum(group.counters, tables.rows, deviceCounters.metrics.length);
      const { length } = table.members;
      return Object.fromEntries(
        table.members.map(({ labels }, index) => [
          labels.device!,
          deviceCounters.metrics.map((_, metric) => group.counters[metric * length + index]!),
        ]),
      );
    };

    it('adds up the rows of all CPUs, exactly', () => {
      expect(read()).toEqual({});
      announce(2, 'sda', 1n);
      count(0, 2, 1n, 1, 2n ** 60n);
      count(1, 2, 1n, 1, 5n);
      count(1, 2, 1n, 11, 7n);
      const { sda } = read();
      expect(sda![1]).toBe(2n ** 60n + 5n);
      expect(sda![11]).toBe(7n);
      expect(sda!.reduce((sum, value) => sum + value, 0n)).toBe(2n ** 60n + 12n);
    });

    it('does not count what the disk before left in the same slot', () => {
      announce(0, 'sda', 1n);
      count(0, 0, 1n, 0, 10n);
      count(1, 0, 1n, 0, 10n);
      expect(read().sda![0]).toBe(20n);
      plug('sdb', 2);
      unplug('sda');
      announce(0, 'sdb', 2n);
      count(0, 0, 2n, 0, 3n);
      const after = read();
      expect(Object.keys(after)).toEqual(['sdb']);
      expect(after.sdb![0]).toBe(3n);
    });

    it('ends the series of a disk that is gone, for good', () => {
      announce(0, 'sda', 1n);
      count(0, 0, 1n, 0, 10n);
      expect(Object.keys(read())).toEqual(['sda']);
      unplug('sda');
      expect(read()).toEqual({});
      // Its slot still has its name; a new disk of that name has done nothing yet.
      plug('sda', 2);
      expect(read()).toEqual({});
      announce(0, 'sda', 2n);
      count(0, 0, 2n, 0, 1n);
      expect(read().sda![0]).toBe(1n);
    });

    it('keeps the members as long as they are the same', () => {
      announce(0, 'sda', 1n);
      read();
      const { members } = table;
      plug('sdb', 2);
      tables.banks.u64[1]!++;
      read();
      expect(table.members).toBe(members);
    });

    it('takes a name without end for what it is: 32 bytes', () => {
      const name = 'x'.repeat(40);
      plug(name.slice(0, 32), 9);
      announce(3, name, 9n);
      expect(Object.keys(read())).toEqual([name.slice(0, 32)]);
    });

    it('copies histograms of the disk that has the slot, and no other', () => {
      const { offset } = device_latency.fields.latency;
      announce(1, 'sda', 1n);
      tables.latencies.u64[device_latency.size / 8] = 1n;
      tables.latencies.u64[(device_latency.size + offset) / 8 + 496 + 3] = 12n;
      table.refresh(++tick);
      table.sync(histograms);
      table.copy(histograms, tables.latencies, offset);
      expect(histograms.histograms.map(({ buckets }) => buckets.reduce((sum, value) => sum + value))).toEqual(
        [0n, 12n, 0n, 0n],
      );
      expect(histograms.histograms[1]!.buckets[3]).toBe(12n);
      tables.latencies.u64[device_latency.size / 8] = 2n;
      table.copy(histograms, tables.latencies, offset);
      expect(histograms.histograms[1]!.buckets[3]).toBe(0n);
    });
  });
});
