import { ABI, defineSampler } from '@rezolus/core';
import { sumBanks } from '@rezolus/libbpf';
import { openTcp } from '../tcp.ts';
import { counters } from './metrics.ts';

/** tcpRetransmit: segments sent again. */
export const tcpRetransmit = defineSampler({
  name: 'tcp_retransmit',
  abi: ABI,
  description: 'TCP segments sent again',
  routes: [
    { route: 'tp_btf/tcp_retransmit_skb', needs: 'kernel BTF' },
    { route: 'raw_tp/tcp_retransmit_skb', needs: 'BPF' },
  ],
  groups: [counters],
  async create(context) {
    const tcp = await openTcp(context);
    const group = context.group(counters.name);
    return {
      groups: [group],
      refresh() {
        group.beginRead();
        sumBanks(group.counters, tcp.banks, tcp.bank.retransmitted.offset);
        group.endRead();
      },
      report: () => tcp.report('tcp_retransmit'),
    };
  },
});
