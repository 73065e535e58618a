import { ABI, defineSampler } from '@rezolus/core';
import { sumBanks } from '@rezolus/libbpf';
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
    const field = tcp.bank.connect_latency;
    return {
      groups: [group],
      refresh() {
        group.beginRead();
        sumBanks(group.histograms[0]!.buckets, tcp.banks, field.offset, field.count);
        group.endRead();
      },
      report: () => tcp.report('tcp_connect_latency'),
    };
  },
});
