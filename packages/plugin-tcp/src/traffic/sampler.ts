import { ABI, defineSampler } from '@rezolus/core';
import { sumBanks, sumHistograms } from '@rezolus/libbpf';
import { counters, sizes } from './metrics.ts';
import { bankFields, openTraffic } from './routes.ts';

/** tcpTraffic: bytes and calls between programs and TCP. */
export const tcpTraffic = defineSampler({
  name: 'tcp_traffic',
  abi: ABI,
  description: 'Bytes that programs send and receive over TCP, and their distribution over calls',
  routes: [
    {
      route: 'fexit/tcp_sendmsg, fexit/tcp_recvmsg, fexit/tcp_read_sock',
      needs: 'kernel BTF, BPF trampolines',
    },
    {
      route: 'tp_btf/sock_send_length, tp_btf/sock_recv_length',
      needs: 'kernel BTF, Linux 6.3',
      differs: 'reads by the kernel itself (splice) are missed',
    },
    {
      route: 'raw_tp/sock_send_length, raw_tp/sock_recv_length',
      needs: 'Linux 6.3',
      differs: 'reads by the kernel itself (splice) are missed',
    },
    {
      route: 'kprobe/tcp_sendmsg, kprobe/tcp_cleanup_rbuf',
      needs: 'kprobes',
      differs: 'bytes requested, and peeks are counted',
    },
  ],
  groups: [counters, sizes],
  create(context) {
    const traffic = openTraffic(context);
    const totals = context.group(counters.name);
    const histograms = context.group(sizes.name);
    return {
      groups: [totals, histograms],
      refresh() {
        totals.beginRead();
        sumBanks(totals.counters, traffic.banks, bankFields.bytes.offset);
        totals.endRead();
        histograms.beginRead();
        sumHistograms(histograms, traffic.banks, bankFields.sizes.offset);
        histograms.endRead();
      },
      report: () => traffic.report(),
      async [Symbol.asyncDispose]() {
        traffic[Symbol.dispose]();
      },
    };
  },
});
