import { ABI, defineSampler } from '@rezolus/core';
import { sumHistograms } from '@rezolus/libbpf';
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
    return {
      groups: [group],
      refresh() {
        group.beginRead();
        sumHistograms(group, syscall.banks, syscall.bank.latency.offset);
        group.endRead();
      },
      report: () => syscall.report('syscall_latency'),
    };
  },
});
