import { ABI, defineSampler } from '@rezolus/core';
import { sumBanks } from '@rezolus/libbpf';
import { openPagefault } from '../pagefault.ts';
import { cgroupCounts, counts, modes } from './metrics.ts';

/** pagefaultCounts: page faults, host-wide and per cgroup. */
export const pagefaultCounts = defineSampler({
  name: 'pagefault_counts',
  abi: ABI,
  description: 'Page faults by mode, host-wide and per cgroup',
  routes: [
    { route: 'tp_btf/page_fault_user, tp_btf/page_fault_kernel', needs: 'x86-64; kernel BTF' },
    { route: 'raw_tp/page_fault_user, raw_tp/page_fault_kernel', needs: 'x86-64; BPF' },
  ],
  groups: [counts, cgroupCounts],
  async create(context) {
    const { banks, bank, cgroup, cgroups, report } = await openPagefault(context);
    const host = context.group(counts.name);
    const perCgroup = context.group(cgroupCounts.name);
    const offsets = modes.map((_, mode) => cgroup.faults.offset + mode * 8);
    return {
      groups: [host, perCgroup],
      refresh() {
        host.beginRead();
        sumBanks(host.counters, banks, bank.faults.offset, modes.length);
        host.endRead();
        cgroups.refresh();
        cgroups.read(perCgroup, offsets);
      },
      report: () => report('pagefault_counts'),
    };
  },
});
