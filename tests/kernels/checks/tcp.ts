import { connect } from 'node:net';
import { type Harness, runLoad } from '@rezolus/devkit';
import { type Check, type Checks, exactly, growth, snmp } from './check.ts';

const [connections, messages, size] = [5, 40, 20_000];
const load = () => runLoad('messages', 4, connections, messages, size, 0);
/** An address behind the dummy interface of the guest, which takes packets and drops them. */
const blackHole = '10.9.9.2';

/** The segments of one message are received at least once, and with their acknowledgements not more than this often. */
const perMessage = 4;

/** tcpChecks: for the samplers of plugin-tcp. Nothing but the load uses TCP in the guest. */
export const tcpChecks: Checks = {
  async tcp_connect_latency(harness) {
    const { grown } = await growth(
      harness,
      { latencies: () => harness.entries('tcp_connect_latency') },
      load,
    );
    return [exactly('connections', grown.latencies, connections)];
  },

  tcp_packet_latency: perSegment('tcp_packet_latency'),
  tcp_receive: perSegment('tcp_srtt', 'tcp_jitter'),

  async tcp_retransmit(harness) {
    const { grown } = await growth(
      harness,
      {
        ours: () => harness.sum('tcp_retransmit'),
        kernel: () => snmp('Tcp', 'RetransSegs'),
      },
      repeatSyn,
    );
    return [
      { what: 'segments of the kernel', counted: grown.kernel, least: connections, most: connections * 3 },
      exactly('segments', grown.ours, grown.kernel),
    ];
  },

  async tcp_traffic(harness) {
    const { grown, result } = await growth(
      harness,
      {
        sent: () => harness.sum('tcp_bytes', { direction: 'transmit' }),
        sends: () => harness.sum('tcp_packets', { direction: 'transmit' }),
        received: () => harness.sum('tcp_bytes', { direction: 'receive' }),
        receives: () => harness.sum('tcp_packets', { direction: 'receive' }),
        sizes: () => harness.entries('tcp_size', { direction: 'receive' }),
      },
      load,
    );
    // The load looks at everything with MSG_PEEK before it reads it, and a kprobe cannot tell.
    const looks = harness.status('tcp_traffic').route!.includes('kprobe') ? 2 : 1;
    const bytes = connections * messages * size;
    return [
      exactly('bytes sent', grown.sent, bytes),
      exactly('sends', grown.sends, connections * messages),
      exactly('bytes received', grown.received, bytes * looks),
      exactly('receives', grown.receives, result.operations * looks),
      exactly('sizes', grown.sizes, grown.receives),
    ];
  },
};

function perSegment(...histograms: readonly string[]): Check {
  return async (harness: Harness) => {
    const reads = Object.fromEntries(histograms.map((name) => [name, () => harness.entries(name)]));
    const { grown } = await growth(harness, reads, load);
    const least = connections * messages * 0.9;
    const most = connections * messages * perMessage;
    return histograms.map((name) => ({ what: name, counted: grown[name]!, least, most }));
  };
}

/** Opens connections that nobody answers until the kernel has repeated the first segment of each. */
async function repeatSyn(): Promise<void> {
  const before = snmp('Tcp', 'RetransSegs');
  const sockets = Array.from({ length: connections }, () => connect(9, blackHole).on('error', () => {}));
  while (snmp('Tcp', 'RetransSegs') - before < connections) await new Promise((next) => setImmediate(next));
  for (const socket of sockets) socket.destroy();
}
