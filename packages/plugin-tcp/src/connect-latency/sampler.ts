import { ABI, defineSampler } from '@rezolus/core';
import { sumHistograms } from '@rezolus/libbpf';
import { openTcp } from '../tcp.ts';
import { latency } from './metrics.ts';

/** tcpConnectLatency: how long it takes to open a connection. */
export const tcpConnectLatency = defineSampler({
  name: 'tcp_connect_latency',
  abi: ABI,
  description: 'Time to open TCP connections',
  routes: [
    { route: 'tp_btf/inet_sock_set_state', needs: 'kernel BTF' },
    { route: 'raw_tp/inet_sock_set_state', needs: 'BPF' },
  ],
  groups: [latency],
  async create(context) {
    const tcp = await openTcp(context);
    const group = context.group(latency.name);
    const field = tcp.bank['connect_latency.sum'];
    return {
      groups: [group],
      refresh() {
        group.beginRead();
        sumHistograms(group, tcp.banks, field.offset);
        group.endRead();
      },
      report: () => tcp.report('tcp_connect_latency'),
    };
  },
});
