import { ABI, defineSampler } from '@rezolus/core';
import { sumBanks } from '@rezolus/libbpf';
import { families } from '../families.ts';
import { openSyscall } from '../syscall.ts';
import { cgroupCounts, counts, endedCgroups } from './metrics.ts';

/** syscallCounts: system calls by family. */
export const syscallCounts = defineSampler({
  name: 'syscall_counts',
  abi: ABI,
  description: 'System calls by family, host-wide and per cgroup',
  routes: [
    { route: 'tp_btf/sys_enter', needs: 'kernel BTF' },
    { route: 'raw_tp/sys_enter', needs: 'BPF' },
  ],
  groups: [counts, cgroupCounts, endedCgroups],
  async create(context) {
    const syscall = await openSyscall(context);
    const host = context.group(counts.name);
    const perCgroup = context.group(cgroupCounts.name);
    const ended = context.group(endedCgroups.name);
    const offsets = families.map((_, family) => syscall.cgroup.counts.offset + family * 8);
    return {
      groups: [host, perCgroup, ended],
      refresh() {
        host.beginRead();
        sumBanks(host.counters, syscall.banks, syscall.bank.counts.offset, families.length);
        host.endRead();
        syscall.cgroups.refresh();
        syscall.cgroups.read(perCgroup, offsets);
        syscall.cgroups.readEnded(ended, offsets);
      },
      report: () => syscall.report('syscall_counts'),
    };
  },
});
