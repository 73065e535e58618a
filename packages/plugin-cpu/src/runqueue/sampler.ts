import { ABI, defineSampler } from '@rezolus/core';
import { copyPerCpu, cpuMembers, maxCgroups, sumHistograms } from '@rezolus/libbpf';
import { sched as schedBpf } from '../gen/sched.bpf.ts';
import { openSched } from '../sched.ts';
import { CgroupHistograms } from './cgroup-histograms.ts';
import {
  cgroupHistograms,
  cgroupOffcpu,
  cgroupSwitches,
  cgroupWait,
  counters,
  cpuRunqueueLatency,
  endedCgroups,
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
  options: {
    per_cpu: {
      type: 'boolean',
      default: true,
      description:
        'A histogram per CPU (scheduler_cpu_runqueue_latency) besides the host-wide one: some 520 bytes of a snapshot each.',
    },
    cgroup_histograms: {
      type: 'integer',
      default: 256,
      min: 0,
      max: maxCgroups,
      description:
        'Cgroups that have histograms (cgroup_scheduler_runqueue_latency, cgroup_scheduler_offcpu_time), 0 = none: 8 KB of kernel memory each, and some 1,000 bytes of a snapshot for each that is in use.',
    },
  },
  groups: [
    runqueueLatency,
    cpuRunqueueLatency,
    running,
    offcpu,
    counters,
    cgroupWait,
    cgroupOffcpu,
    cgroupSwitches,
    cgroupHistograms,
    endedCgroups,
  ],
  async create(context) {
    const sched = await openSched(context);
    const { object, banks, bank, cgroup, cgroups } = sched;
    const { per_cpu, cgroup_histograms } = context.options;
    const histograms = [
      { group: context.group(runqueueLatency.name), offset: bank['runqueue_latency.sum'].offset },
      { group: context.group(running.name), offset: bank['running.sum'].offset },
      { group: context.group(offcpu.name), offset: bank['offcpu.sum'].offset },
    ];
    const latency = bank['runqueue_latency.buckets'];
    const perCpu = context.group(counters.name);
    const perCpuLatency = context.group(cpuRunqueueLatency.name);
    const cpus = [...Array(context.possibleCpus).keys()];
    perCpu.setMembers(cpuMembers(context.possibleCpus));
    if (per_cpu) perCpuLatency.setMembers(cpuMembers(context.possibleCpus));
    const perCgroup = [
      { group: context.group(cgroupWait.name), offsets: [cgroup.runqueue_wait.offset] },
      { group: context.group(cgroupOffcpu.name), offsets: [cgroup.offcpu.offset] },
      {
        group: context.group(cgroupSwitches.name),
        offsets: [cgroup.involuntary.offset, cgroup.voluntary.offset],
      },
    ];
    const ended = context.group(endedCgroups.name);
    const endedOffsets = perCgroup.flatMap(({ offsets }) => offsets);
    const perCgroupTimes = context.group(cgroupHistograms.name);
    const times = new CgroupHistograms(
      cgroups,
      object.map('cgroup_histograms'),
      schedBpf.structs.cgroup_times.fields.runqueue_latency.offset,
      cgroup_histograms,
    );
    return {
      groups: [
        perCpu,
        ...histograms.map(({ group }) => group),
        ...(per_cpu ? [perCpuLatency] : []),
        ...perCgroup.map(({ group }) => group),
        ...(cgroup_histograms > 0 ? [perCgroupTimes] : []),
        ended,
      ],
      refresh() {
        for (const { group, offset } of histograms) {
          group.beginRead();
          sumHistograms(group, banks, offset);
          group.endRead();
        }
        perCpuLatency.beginRead();
        for (const [cpu, { buckets }] of perCpuLatency.histograms.entries())
          copyPerCpu(buckets, banks, latency.offset, latency.count, [cpu]);
        perCpuLatency.endRead();
        perCpu.beginRead();
        copyPerCpu(perCpu.counters, banks, bank.involuntary.offset, counters.metrics.length, cpus);
        perCpu.endRead();
        cgroups.refresh();
        for (const { group, offsets } of perCgroup) cgroups.read(group, offsets);
        cgroups.readEnded(ended, endedOffsets);
        if (cgroup_histograms > 0) times.read(perCgroupTimes);
      },
      report: () => sched.report('scheduler_runqueue'),
    };
  },
});
