import { ABI, defineSampler, type SamplerContext, UnsupportedError } from '@rezolus/core';
import { CgroupTable, copyPerCpu, cpuMembers, maxCgroups, totalOf, tracepoints } from '@rezolus/libbpf';
import { usage as usageBpf } from '../gen/usage.bpf.ts';
import { cgroupExited, cgroupUsage, cpu, softirqKinds, softirqs, softirqTime, tasks } from './metrics.ts';
import { ProcStat } from './proc-stat.ts';
import { TaskList } from './task-list.ts';

const { structs } = usageBpf;

/** cpuUsage: CPU time per CPU, cgroup and thread, and softirqs. */
export const cpuUsage = defineSampler({
  name: 'cpu_usage',
  abi: ABI,
  description: 'CPU time by state, per CPU, cgroup and thread, and time in soft interrupts',
  options: {
    tasks: {
      type: 'boolean',
      default: true,
      description: 'One series per live thread (task_cpu_usage). Cgroups are measured either way.',
    },
  },
  groups: [cpu, cgroupUsage, cgroupExited, tasks, softirqs, softirqTime],
  create(context) {
    const { options, possibleCpus } = context;
    using cleanup = new DisposableStack();
    const { object, programs } = load(context, options.tasks, cleanup);
    const stat = cleanup.use(new ProcStat());
    const banks = object.map('banks');
    const soft = object.map('softirqs');
    const cgroups = new CgroupTable(object.map('cgroup_names'), structs.cgroup_name, object.map('cgroups'), {
      banks,
      startedOffset: structs.usage_bank.fields['cgroups.started'].offset,
    });
    const list = new TaskList(object.iterator('read_tasks'), structs.task_record, cgroups);
    const group = {
      cpu: context.group(cpu.name),
      usage: context.group(cgroupUsage.name),
      exited: context.group(cgroupExited.name),
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
    const { count, time } = structs.softirq_bank.fields;
    const usage = structs.usage_cgroup.fields;
    // The first pass sets the base: what threads ran before the agent came is not ours.
    list.read(group.tasks);
    const mapBytes = object.mapBytes();
    const resources = cleanup.move();
    return {
      groups: Object.values(group),
      refresh() {
        list.read(group.tasks);
        group.cpu.beginRead();
        stat.read(user, system);
        copyPerCpu(exited, banks, structs.usage_bank.fields.exited.offset, 1, cpus);
        group.cpu.endRead();
        cgroups.read(group.usage, [usage.user.offset, usage.system.offset]);
        cgroups.read(group.exited, [usage.exited.offset]);
        for (const [target, field] of [
          [group.softirqs, count],
          [group.softirqTime, time],
        ] as const) {
          target.beginRead();
          copyPerCpu(target.counters, soft, field.offset, softirqKinds.length, cpus);
          target.endRead();
        }
      },
      report: () => ({
        route:
          'CPUs: /proc/stat; threads and cgroups: iter/task, tp_btf/sched_process_exit; softirqs: tp_btf/softirq_*',
        programs,
        drops: {
          cgroups_beyond_table: totalOf(banks, structs.usage_bank.fields['cgroups.unmeasured'].offset),
        },
        mapBytes,
      }),
      async [Symbol.asyncDispose]() {
        resources.dispose();
      },
    };
  },
});

function load(
  { bpf, possibleCpus, clock }: Pick<SamplerContext, 'bpf' | 'possibleCpus' | 'clock'>,
  records: boolean,
  cleanup: DisposableStack,
) {
  if (!bpf.kernelBtf) {
    throw new UnsupportedError(
      'kernel BTF',
      'threads and cgroups are read by a BPF iterator, which needs a kernel with BTF',
    );
  }
  const object = cleanup.use(bpf.open(usageBpf));
  const hooks = tracepoints(object, usageBpf, true, { softirq_entry: true, softirq_exit: true });
  object.configure({ cgroup_capacity: maxCgroups, started_at: clock.monotonicNs(), task_records: records });
  object.resize('banks', possibleCpus);
  object.resize('softirqs', possibleCpus);
  object.resize('cgroups', possibleCpus * maxCgroups);
  object.resize('cgroup_names', maxCgroups);
  object.load();
  return { object, programs: object.attachAll([...hooks, 'sched_process_exit']) };
}
