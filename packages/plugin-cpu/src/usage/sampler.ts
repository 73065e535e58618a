import { ABI, defineSampler } from '@rezolus/core';
import { copyPerCpu, cpuMembers } from '@rezolus/libbpf';
import { openUsage } from '../usage.ts';
import {
  cgroupExited,
  cgroupUsage,
  cpu,
  endedCgroups,
  softirqKinds,
  softirqs,
  softirqTime,
  tasks,
} from './metrics.ts';
import { ProcStat } from './proc-stat.ts';
import { TaskList } from './task-list.ts';

/** cpuUsage: CPU time per CPU, cgroup and thread, and softirqs. */
export const cpuUsage = defineSampler({
  name: 'cpu_usage',
  abi: ABI,
  description: 'CPU time by state, per CPU, cgroup and thread, and time in soft interrupts',
  routes: [
    {
      route:
        '/proc/stat for CPUs; iter/task and tp_btf/sched_process_exit and cgroup_attach_task for threads and cgroups; tp_btf/softirq_entry, softirq_exit',
      needs: 'kernel BTF',
    },
  ],
  options: {
    tasks: {
      type: 'boolean',
      default: true,
      description: 'One series per live thread (task_cpu_usage). Cgroups are measured either way.',
    },
  },
  groups: [cpu, cgroupUsage, cgroupExited, endedCgroups, tasks, softirqs, softirqTime],
  async create(context) {
    const { options, possibleCpus } = context;
    const usage = await openUsage(context);
    const { object, structs, cgroups } = usage;
    const stat = new ProcStat();
    const banks = object.map('banks');
    const soft = object.map('softirqs');
    const list = new TaskList(structs.task_record, cgroups);
    const group = {
      cpu: context.group(cpu.name),
      usage: context.group(cgroupUsage.name),
      exited: context.group(cgroupExited.name),
      ended: context.group(endedCgroups.name),
      tasks: context.group(tasks.name),
      softirqs: context.group(softirqs.name),
      softirqTime: context.group(softirqTime.name),
    };
    for (const perCpu of [group.cpu, group.softirqs, group.softirqTime])
      perCpu.setMembers(cpuMembers(possibleCpus));
    const cpus = [...Array(possibleCpus).keys()];
    const user = group.cpu.counters.subarray(0, possibleCpus);
    const system = group.cpu.counters.subarray(possibleCpus, 2 * possibleCpus);
    const exited = group.cpu.counters.subarray(2 * possibleCpus);
    const bank = structs.usage_bank.fields;
    const row = structs.usage_cgroup.fields;
    const { count, time } = structs.softirq_bank.fields;
    const softirqGroups = [
      [group.softirqs, count],
      [group.softirqTime, time],
    ] as const;
    return {
      groups: Object.values(group),
      refresh(tick) {
        group.tasks.beginRead();
        const records = usage.pass(tick);
        group.tasks.endRead();
        if (options.tasks) list.read(records, group.tasks);
        group.cpu.beginRead();
        stat.read(user, system);
        copyPerCpu(exited, banks, bank.exited.offset, 1, cpus);
        group.cpu.endRead();
        cgroups.read(group.usage, [row.user.offset, row.system.offset]);
        cgroups.read(group.exited, [row.exited.offset]);
        cgroups.readEnded(group.ended, [row.user.offset, row.system.offset]);
        for (const [target, field] of softirqGroups) {
          target.beginRead();
          copyPerCpu(target.counters, soft, field.offset, softirqKinds.length, cpus);
          target.endRead();
        }
      },
      report: () => usage.report('cpu_usage'),
      async [Symbol.asyncDispose]() {
        stat[Symbol.dispose]();
      },
    };
  },
});
