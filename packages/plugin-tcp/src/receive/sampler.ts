import { ABI, defineSampler } from '@rezolus/core';
import { sumHistograms } from '@rezolus/libbpf';
import { openTcp } from '../tcp.ts';
import { jitter, srtt } from './metrics.ts';

/** tcpReceive: round-trip time and jitter as TCP measures them. */
export const tcpReceive = defineSampler({
  name: 'tcp_receive',
  abi: ABI,
  description: 'Round-trip time and jitter of the connections that receive',
  routes: [
    { route: 'tp_btf/tcp_probe', needs: 'kernel BTF' },
    { route: 'raw_tp/tcp_probe', needs: 'BPF' },
  ],
  groups: [srtt, jitter],
  async create(context) {
    const tcp = await openTcp(context);
    const histograms = [
      { group: context.group(srtt.name), field: tcp.bank['srtt.sum'] },
      { group: context.group(jitter.name), field: tcp.bank['jitter.sum'] },
    ];
    return {
      groups: histograms.map(({ group }) => group),
      refresh() {
        for (const { group, field } of histograms) {
          group.beginRead();
          sumHistograms(group, tcp.banks, field.offset);
          group.endRead();
        }
      },
      report: () => tcp.report('tcp_receive'),
    };
  },
});
