import { ABI, defineSampler } from '@rezolus/core';
import { sumHistograms } from '@rezolus/libbpf';
import { openPagefault } from '../pagefault.ts';
import { cgroupTimes, kinds, latencies } from './metrics.ts';

/** pagefaultLatency: how long page faults take. */
export const pagefaultLatency = defineSampler({
  name: 'pagefault_latency',
  abi: ABI,
  description: 'Latency of page faults: host-wide as distributions, per cgroup as time and number',
  routes: [
    {
      route: 'tp_btf/page_fault_user, tp_btf/page_fault_kernel, perf_event/page-faults',
      needs: 'x86-64; kernel BTF; perf events (of software, no PMU)',
    },
    {
      route: 'raw_tp/page_fault_user, raw_tp/page_fault_kernel, perf_event/page-faults',
      needs: 'x86-64; BPF; perf events (of software, no PMU)',
    },
  ],
  groups: [latencies, cgroupTimes],
  async create(context) {
    const { banks, bank, cgroup, cgroups, report } = await openPagefault(context);
    const host = context.group(latencies.name);
    const perCgroup = context.group(cgroupTimes.name);
    const offsets = [cgroup.ended, cgroup.time].flatMap(({ offset }) =>
      kinds.map((_, kind) => offset + kind * 8),
    );
    return {
      groups: [host, perCgroup],
      refresh() {
        host.beginRead();
        sumHistograms(host, banks, bank.latency.offset);
        host.endRead();
        cgroups.refresh();
        cgroups.read(perCgroup, offsets);
      },
      report: () => report('pagefault_latency'),
    };
  },
});
