import { ABI, defineSampler } from '@rezolus/core';
import { sumBanks } from '@rezolus/libbpf';
import { families } from '../families.ts';
import { openSyscall } from '../syscall.ts';
import { latencies } from './metrics.ts';

/** syscallLatency: how long system calls take, by family. */
export const syscallLatency = defineSampler({
  name: 'syscall_latency',
  abi: ABI,
  description: 'Latency of system calls by family',
  routes: [
    { route: 'tp_btf/sys_enter, tp_btf/sys_exit', needs: 'kernel BTF' },
    { route: 'raw_tp/sys_enter, raw_tp/sys_exit', needs: 'BPF' },
  ],
  groups: [latencies],
  async create(context) {
    const syscall = await openSyscall(context);
    const group = context.group(latencies.name);
    const { offset, dims } = syscall.bank.latency;
    const buckets = dims[1];
    return {
      groups: [group],
      refresh() {
        group.beginRead();
        for (const family of families.keys()) {
          sumBanks(group.histograms[family]!.buckets, syscall.banks, offset + family * buckets * 8, buckets);
        }
        group.endRead();
      },
      report: () => syscall.report('syscall_latency'),
    };
  },
});
