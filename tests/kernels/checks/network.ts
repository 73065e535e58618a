import { readFileSync } from 'node:fs';
import { runLoad } from '@rezolus/devkit';
import { about, type Checks, exactly, growth, snmp } from './check.ts';

const linkHeader = 14;
const messages = () => runLoad('messages', 4, 2, 200, 20_000, 0);

/** networkChecks: for the samplers of plugin-network. Nothing but the load uses the network in the guest. */
export const networkChecks: Checks = {
  async network_traffic(harness) {
    const bytes = (direction: string) => () => harness.sum('network_bytes', { direction });
    const packets = (direction: string) => () => harness.sum('network_packets', { direction });
    const { grown } = await growth(
      harness,
      {
        received: bytes('receive'),
        sent: bytes('transmit'),
        packetsReceived: packets('receive'),
        packetsSent: packets('transmit'),
        driverBytes: () => loopback('rx_bytes'),
        driverPackets: () => loopback('rx_packets'),
      },
      messages,
    );
    return [
      { what: 'bytes of the driver', counted: grown.driverBytes, least: 8_000_000, most: 10_000_000 },
      about('bytes received', grown.received, grown.driverBytes, 0.001),
      about('bytes sent', grown.sent, grown.driverBytes + linkHeader * grown.driverPackets, 0.001),
      about('packets received', grown.packetsReceived, grown.driverPackets, 0.01),
      about('packets sent', grown.packetsSent, grown.driverPackets, 0.01),
    ];
  },

  async network_interfaces(harness) {
    const { grown } = await growth(
      harness,
      {
        complete: () => harness.sum('network_transmit_complete'),
        packets: () => loopback('tx_packets'),
      },
      messages,
    );
    const full = await growth(
      harness,
      { dropped: () => harness.sum('network_drop'), kernel: () => snmp('Udp', 'RcvbufErrors') },
      () => runLoad('overflow', 1000),
    );
    return [
      about('packets', grown.complete, grown.packets, 0.01),
      { what: 'drops of the kernel', counted: full.grown.kernel, least: 900, most: 1000 },
      exactly('drops', full.grown.dropped, full.grown.kernel),
    ];
  },
};

function loopback(counter: string): number {
  return Number(readFileSync(`/sys/class/net/lo/statistics/${counter}`, 'utf8'));
}
