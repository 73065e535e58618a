import { ABI, defineSampler } from '@rezolus/core';
import { sumHistograms } from '@rezolus/libbpf';
import { openTcp } from '../tcp.ts';
import { latency } from './metrics.ts';

/** tcpPacketLatency: how long received data waits until a program reads it. */
export const tcpPacketLatency = defineSampler({
  name: 'tcp_packet_latency',
  abi: ABI,
  description: 'Time from the arrival of data to its reading',
  routes: [
    { route: 'tp_btf/tcp_probe, tp_btf/tcp_rcv_space_adjust, tp_btf/tcp_destroy_sock', needs: 'kernel BTF' },
    { route: 'raw_tp/tcp_probe, raw_tp/tcp_rcv_space_adjust, raw_tp/tcp_destroy_sock', needs: 'BPF' },
  ],
  groups: [latency],
  async create(context) {
    const tcp = await openTcp(context);
    const group = context.group(latency.name);
    const field = tcp.bank['packet_latency.sum'];
    return {
      groups: [group],
      refresh() {
        group.beginRead();
        sumHistograms(group, tcp.banks, field.offset);
        group.endRead();
      },
      report: () => tcp.report('tcp_packet_latency'),
    };
  },
});
