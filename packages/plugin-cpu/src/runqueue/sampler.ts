import { ABI, defineSampler } from '@rezolus/core';
import { copyPerCpu, cpuMembers, sumBanks } from '@rezolus/libbpf';
import { openSched } from '../sched.ts';
import {
  cgroupOffcpu,
  cgroupSwitches,
  cgroupWait,
  counters,
  offcpu,
  running,
  runqueueLatency,
} from './metrics.ts';

/** schedulerRunqueue: wait for a CPU, time on it and off it, and context switches. */
export const schedulerRunqueue = defineSampler({
  name: 'scheduler_runqueue',
  abi: ABI,
  description: 'Runqueue latency, running and blocked time and context switches, with cgroup attribution',
  routes: [
    { route: 'tp_btf/sched_switch, tp_btf/sched_wakeup, tp_btf/sched_wakeup_new', needs: 'kernel BTF' },
    { route: 'raw_tp/sched_switch, raw_tp/sched_wakeup, raw_tp/sched_wakeup_new', needs: 'BPF' },
  ],
  groups: [runqueueLatency, running, offcpu, counters, cgroupWait, cgroupOffcpu, cgroupSwitches],
  async create(context) {
    const sched = await openSched(context);
    const { banks, bank, cgroup, cgroups } = sched;
    const histograms = [
      { group: context.group(runqueueLatency.name), field: bank.runqueue_latency },
      { group: context.group(running.name), field: bank.running },
      { group: context.group(offcpu.name), field: bank.offcpu },
    ];
    const perCpu = context.group(counters.name);
    const cpus = [...Array(context.possibleCpus).keys()];
    perCpu.setMembers(cpuMembers(context.possibleCpus));
    const perCgroup = [
      { group: context.group(cgroupWait.name), offsets: [cgroup.runqueue_wait.offset] },
      { group: context.group(cgroupOffcpu.name), offsets: [cgroup.offcpu.offset] },
      {
        group: context.group(cgroupSwitches.name),
        offsets: [cgroup.involuntary.offset, cgroup.voluntary.offset],
      },
    ];
    return {
      groups: [perCpu, ...histograms.map(({ group }) => group), ...perCgroup.map(({ group }) => group)],
      refresh() {
        for (const { group, field } of histograms) {
          group.beginRead();
          sumBanks(group.histograms[0]!.buckets, banks, field.offset, field.count);
          group.endRead();
        }
        perCpu.beginRead();
        copyPerCpu(perCpu.counters, banks, bank.involuntary.offset, counters.metrics.length, cpus);
        perCpu.endRead();
        cgroups.refresh();
        for (const { group, offsets } of perCgroup) cgroups.read(group, offsets);
      },
      report: () => sched.report('scheduler_runqueue'),
    };
  },
});
