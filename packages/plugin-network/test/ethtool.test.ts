import { MetricGroup } from '@rezolus/core';
import { describe, expect, it } from 'vitest';
import { type Ask, EthtoolDevice } from '../src/ethtool/device.ts';
import { Limits } from '../src/ethtool/limits.ts';
import { parseNames, parseStat, parseStatCount } from '../src/ethtool/messages.ts';
import { allowances, limits } from '../src/ethtool/metrics.ts';

/** An interface with statistics, answering as net/ethtool/ioctl.c does. */
class FakeDriver {
  stats: Record<string, bigint>;
  constructor(stats: Record<string, bigint>) {
    this.stats = stats;
  }

  answer(message: Uint8Array): boolean {
    const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
    const names = Object.keys(this.stats);
    switch (view.getUint32(0, true)) {
      case 0x03:
        message.set(Buffer.from('ena'), 4);
        view.setUint32(180, names.length, true);
        return true;
      case 0x1b:
        expect(view.getUint32(4, true)).toBe(1);
        view.setUint32(8, names.length, true);
        for (const [index, name] of names.entries()) message.set(Buffer.from(name), 12 + index * 32);
        return true;
      case 0x1d:
        view.setUint32(4, names.length, true);
        for (const [index, name] of names.entries())
          view.setBigUint64(8 + index * 8, this.stats[name]!, true);
        return true;
      default:
        return false;
    }
  }
}

const ask =
  (drivers: Record<string, FakeDriver>): Ask =>
  (name, message) =>
    drivers[name]?.answer(message) ?? false;

const ena = () =>
  new FakeDriver({
    tx_timeout: 1n,
    bw_in_allowance_exceeded: 11n,
    bw_out_allowance_exceeded: 18446744073709551615n,
    pps_allowance_exceeded: 13n,
    conntrack_allowance_exceeded: 14n,
    linklocal_allowance_exceeded: 15n,
    queue_0_tx_cnt: 99n,
  });

describe('messages', () => {
  it('do not believe a count that cannot be', () => {
    const answer = new Uint8Array(196).fill(0xff);
    expect(parseStatCount(answer)).toBe(0);
  });

  it('read no further than the answer reaches', () => {
    const names = new Uint8Array(12 + 2 * 32).fill(0x61);
    expect(parseNames(names)).toEqual(['a'.repeat(32), 'a'.repeat(32)]);
    const stats = new Uint8Array(8 + 8).fill(0xff);
    expect(parseStat(stats, 0)).toBe(0xffff_ffff_ffff_ffffn);
    expect(parseStat(stats, 1)).toBeUndefined();
  });
});

describe('EthtoolDevice', () => {
  it('finds statistics by name, also after the driver got more of them', () => {
    const driver = ena();
    const device = new EthtoolDevice('eth0', allowances, ask({ eth0: driver }));
    expect(device.refresh()).toBe(true);
    expect(allowances.map((_, index) => device.value(index))).toEqual([
      11n,
      18446744073709551615n,
      13n,
      14n,
      15n,
    ]);
    driver.stats = { new_first: 5n, ...driver.stats, pps_allowance_exceeded: 14n };
    expect(device.refresh()).toBe(true);
    expect(device.value(2)).toBe(14n);
  });

  it('has nothing of another driver or of an interface that is gone', () => {
    const device = new EthtoolDevice('eth0', allowances, ask({ eth0: new FakeDriver({ rx_drops: 1n }) }));
    expect(device.refresh()).toBe(false);
    expect(new EthtoolDevice('eth1', allowances, ask({})).refresh()).toBe(false);
  });
});

describe('Limits', () => {
  it('has a series per interface and allowance, and none for what an interface lacks', () => {
    const older = new FakeDriver({ pps_allowance_exceeded: 3n });
    const drivers = { eth0: ena(), eth1: older, eth2: new FakeDriver({ rx: 1n }) };
    const group = new MetricGroup('network_ethtool', limits, 0);
    const table = new Limits(ask(drivers), () => ['eth0', 'eth1', 'eth2']);
    table.read(group);
    expect(group.members.map(({ labels }) => labels.interface)).toEqual(['eth0', 'eth1']);
    const shown = group.schema.counters.flatMap(({ labels }, slot) =>
      group.countersPresent?.[slot] === 0
        ? []
        : [`${labels.metric}/${labels.direction ?? ''}/${labels.interface} ${group.counters[slot]}`],
    );
    expect(shown).toEqual([
      'network_ena_bandwidth_allowance_exceeded/receive/eth0 11',
      'network_ena_bandwidth_allowance_exceeded/transmit/eth0 18446744073709551615',
      'network_ena_pps_allowance_exceeded//eth0 13',
      'network_ena_pps_allowance_exceeded//eth1 3',
      'network_ena_conntrack_allowance_exceeded//eth0 14',
      'network_ena_linklocal_allowance_exceeded//eth0 15',
    ]);
  });

  it('follows interfaces that come and go', () => {
    let names = ['eth0'];
    const group = new MetricGroup('network_ethtool', limits, 0);
    const table = new Limits(ask({ eth0: ena(), eth1: ena() }), () => names);
    table.read(group);
    names = ['eth1'];
    table.read(group);
    expect(group.members.map(({ id, labels }) => [id, labels.interface])).toEqual([[1, 'eth1']]);
    expect(group.countersPresent).toBeNull();
  });
});
