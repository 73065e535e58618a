import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Harness, runLoad } from '@rezolus/devkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { networkEthtool, networkInterfaces, networkTraffic } from '../src/index.ts';

const linkHeader = 14;

/** A counter of an interface by sysfs, which takes another way through the kernel than /proc/net/dev. */
function statistic(name: string, counter: string): number {
  return Number(readFileSync(`/sys/class/net/${name}/statistics/${counter}`, 'utf8'));
}

/** A counter of /proc/net/snmp. */
function snmp(protocol: string, counter: string): number {
  const [names, values] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${protocol}: `))
    .map((line) => line.split(' '));
  return Number(values![names!.indexOf(counter)]);
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: 'pipe' });
}

function hasIp(): boolean {
  try {
    ip('-V');
    return true;
  } catch {
    return false;
  }
}

describe('network samplers against this kernel', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await Harness.start([networkInterfaces, networkTraffic]);
  });
  afterAll(() => harness[Symbol.asyncDispose]());

  it('are healthy and say their route', () => {
    expect(harness.status('network_traffic')).toMatchObject({ state: 'active', health: 'healthy' });
    expect(harness.status('network_traffic').route).toContain('netif_receive_skb');
    expect(harness.status('network_interfaces')).toMatchObject({ state: 'active', health: 'healthy' });
  });

  it('count bytes and packets over loopback as its driver does, less and plus the link header', async () => {
    const readOurs = async () => {
      await harness.refresh();
      return {
        received: harness.sum('network_bytes', { direction: 'receive' }),
        sent: harness.sum('network_bytes', { direction: 'transmit' }),
        packetsReceived: harness.sum('network_packets', { direction: 'receive' }),
        packetsSent: harness.sum('network_packets', { direction: 'transmit' }),
        complete: harness.sum('network_transmit_complete'),
      };
    };
    const readDriver = () => [statistic('lo', 'rx_bytes'), statistic('lo', 'rx_packets')] as const;
    const [messages, size] = [2000, 30_000];
    const oursBefore = await readOurs();
    const driverBefore = readDriver();
    await runLoad('messages', 4, 1, messages, size, 0);
    const [bytes, packets] = readDriver().map((value, index) => value - driverBefore[index]!) as [
      number,
      number,
    ];
    const oursAfter = await readOurs();
    const grown = (key: keyof typeof oursAfter) => oursAfter[key] - oursBefore[key];
    expect(bytes).toBeGreaterThanOrEqual(messages * size);
    // Other interfaces are at work too: up to 2 % of this load.
    for (const [ours, driver] of [
      [grown('received'), bytes],
      [grown('sent'), bytes + linkHeader * packets],
      [grown('packetsReceived'), packets],
      [grown('packetsSent'), packets],
      [grown('complete'), packets],
    ] as const) {
      expect(ours).toBeGreaterThanOrEqual(driver);
      expect(ours).toBeLessThan(driver * 1.02 + 100);
    }
  });

  it('show what the kernel keeps of each interface', async () => {
    const counters = [
      ['network_interface_bytes', 'bytes'],
      ['network_interface_packets', 'packets'],
      ['network_interface_errors', 'errors'],
      ['network_interface_drops', 'dropped'],
    ] as const;
    for (const name of ['lo', 'eth0']) {
      for (const [metric, counter] of counters) {
        for (const [direction, prefix] of [
          ['receive', 'rx'],
          ['transmit', 'tx'],
        ] as const) {
          if (!harness.labels(metric).some((labels) => labels.interface === name)) continue;
          const least = statistic(name, `${prefix}_${counter}`);
          await harness.refresh();
          const shown = harness.sum(metric, { interface: name, direction });
          expect(shown).toBeGreaterThanOrEqual(least);
          expect(shown).toBeLessThanOrEqual(statistic(name, `${prefix}_${counter}`));
        }
      }
    }
  });

  it('follow interfaces that come and go, and tell their names apart', async (context) => {
    if (!hasIp()) return context.skip('there is no ip (iproute2)');
    const names = () => harness.labels('network_interface_bytes').map((labels) => labels.interface);
    ip('link', 'add', 'rez-test-a', 'type', 'veth', 'peer', 'name', 'rez-test-b');
    try {
      await harness.refresh();
      expect(names()).toEqual(expect.arrayContaining(['lo', 'rez-test-a', 'rez-test-b']));
    } finally {
      ip('link', 'del', 'rez-test-a');
    }
    await harness.refresh();
    expect(names()).not.toContain('rez-test-a');
    expect(harness.sum('network_interface_bytes', { interface: 'lo', direction: 'receive' })).toBe(
      statistic('lo', 'rx_bytes'),
    );
  });

  it('count the datagrams that a full socket drops, as RcvbufErrors does', async () => {
    await harness.refresh();
    const before = { ours: harness.sum('network_drop'), kernel: snmp('Udp', 'RcvbufErrors') };
    await runLoad('overflow', 5000);
    const kernel = snmp('Udp', 'RcvbufErrors') - before.kernel;
    await harness.refresh();
    const ours = harness.sum('network_drop') - before.ours;
    expect(kernel).toBeGreaterThan(4900);
    expect(ours).toBeGreaterThanOrEqual(kernel);
    expect(ours).toBeLessThan(kernel * 1.01);
  });

  it('do not count as drops what a closed port refuses', async () => {
    await harness.refresh();
    const before = harness.sum('network_drop');
    await runLoad('refused', 2000);
    await harness.refresh();
    expect(harness.sum('network_drop') - before).toBeLessThan(20);
  });

  it('have no series per interface when they are switched off', async () => {
    await using plain = await Harness.start([networkTraffic], {
      options: { network_traffic: { per_interface: false } },
    });
    await plain.refresh();
    expect(plain.labels('network_interface_bytes')).toEqual([]);
    expect(plain.labels('network_bytes')).toHaveLength(2);
    expect(plain.status('network_traffic').route).not.toContain('/proc');
  });

  it('show nothing that they cannot measure', async () => {
    await using blind = await Harness.start([networkInterfaces, networkTraffic], {
      without: ['tp_btf', 'raw_tp'],
    });
    await blind.refresh();
    expect(blind.labels('network_bytes')).toEqual([]);
    expect(blind.labels('network_drop')).toEqual([]);
    expect(blind.labels('network_interface_bytes').length).toBeGreaterThan(0);
    expect(blind.status('network_traffic').health).toBe('unsupported');
  });

  it('attach nothing for a sampler that is off', async () => {
    await using plain = await Harness.start([networkTraffic]);
    expect(plain.status('network_traffic').programs!.map(({ label }) => label)).toEqual([
      'tp_btf/netif_receive_skb',
      'tp_btf/net_dev_start_xmit',
    ]);
  });

  it('say so where there is no ENA interface', async (context) => {
    await using ena = await Harness.start([networkEthtool]);
    const status = ena.status('network_ethtool');
    if (status.state === 'active') return context.skip('this machine has an ENA interface');
    expect(status).toMatchObject({ state: 'disabled', health: 'unsupported', code: 'REZ_ERR_UNSUPPORTED' });
    expect(status.error).toContain('ENA');
  });
});
