import { ABI, defineSampler } from '@rezolus/core';
import { sumBanks } from '@rezolus/libbpf';
import { counters, sizes } from './metrics.ts';
import { bankFields, openTraffic } from './routes.ts';

/** tcpTraffic: bytes and calls between programs and TCP. */
export const tcpTraffic = defineSampler({
  name: 'tcp_traffic',
  abi: ABI,
  description: 'Bytes that programs send and receive over TCP, and their distribution over calls',
  groups: [counters, sizes],
  create(context) {
    const traffic = openTraffic(context);
    const totals = context.group(counters.name);
    const histograms = context.group(sizes.name);
    const { offset, dims } = bankFields.sizes;
    const buckets = dims[1];
    return {
      groups: [totals, histograms],
      refresh() {
        totals.beginRead();
        sumBanks(totals.counters, traffic.banks, bankFields.bytes.offset);
        totals.endRead();
        histograms.beginRead();
        for (const [direction, histogram] of histograms.histograms.entries()) {
          sumBanks(histogram.buckets, traffic.banks, offset + direction * buckets * 8, buckets);
        }
        histograms.endRead();
      },
      report: () => traffic.report(),
      async [Symbol.asyncDispose]() {
        traffic[Symbol.dispose]();
      },
    };
  },
});
