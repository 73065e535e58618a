import { type BpfObject, type SamplerContext, type SamplerReport, UnsupportedError } from '@rezolus/core';
import { CgroupTable, maxCgroups, totalOf } from '@rezolus/libbpf';
import { usage as usageBpf } from './gen/usage.bpf.ts';

const { structs } = usageBpf;
const usageHooks = ['softirq_entry', 'softirq_exit', 'sched_process_exit', 'cgroup_attach_task'];

/** Usage: the loaded object that passes over all threads, shared by cpu_bandwidth and cpu_usage. */
export interface Usage extends Disposable {
  readonly object: BpfObject;
  readonly structs: typeof structs;
  readonly cgroups: CgroupTable;
  /** pass: one pass over all threads per tick: accounts them and their cgroups, and returns `struct task_record`s. */
  pass(tick: number): Uint8Array;
  report(sampler: 'cpu_bandwidth' | 'cpu_usage'): SamplerReport;
}

/** openUsage: loads the object once for both samplers. Throws UnsupportedError on a kernel without BTF. */
export function openUsage(context: SamplerContext): Promise<Usage> {
  return context.shared('usage', () => load(context));
}

function load({ bpf, enabled, possibleCpus, clock }: SamplerContext): Usage {
  if (!bpf.kernelBtf) {
    throw new UnsupportedError(
      'kernel BTF',
      'threads and cgroups are read by a BPF iterator, which needs a kernel with BTF',
    );
  }
  const usage = enabled.has('cpu_usage');
  using cleanup = new DisposableStack();
  const object = cleanup.use(bpf.open(usageBpf));
  const hooks = [...(usage ? usageHooks : []), 'cgroup_rmdir_btf'];
  object.disable('cgroup_rmdir_raw');
  if (!usage) for (const hook of usageHooks) object.disable(hook);
  object.configure({
    cgroup_capacity: maxCgroups,
    started_at: clock.monotonicNs(),
    usage_enabled: usage,
    bandwidth_enabled: enabled.has('cpu_bandwidth'),
  });
  object.resize('banks', possibleCpus);
  object.resize('softirqs', usage ? possibleCpus : 1);
  object.resize('cgroups', usage ? possibleCpus * maxCgroups : 1);
  object.resize('bandwidths', maxCgroups);
  object.resize('cgroup_names', maxCgroups);
  object.resize('cgroup_serials', maxCgroups);
  object.load();
  const programs = object.attachAll(hooks);
  const iterator = object.iterator('read_tasks');
  const cgroups = new CgroupTable(object, usageBpf, 'usage_bank');
  let passed = -1;
  // The first pass sets the base: what threads ran before the agent came is not ours.
  let output = iterator.read();
  const mapBytes = object.mapBytes();
  const banks = object.map('banks');
  const resources = cleanup.move();
  return {
    object,
    structs,
    cgroups,
    pass(tick) {
      if (tick !== passed) {
        passed = tick;
        output = iterator.read();
        // The pass may have met new cgroups.
        cgroups.refresh();
      }
      return output;
    },
    report(sampler) {
      const drops = { cgroups_beyond_table: cgroups.unmeasured };
      if (sampler === 'cpu_bandwidth') return { route: 'iter/task: cfs_bandwidth of each cgroup', drops };
      return {
        route:
          'CPUs: /proc/stat; threads and cgroups: iter/task, tp_btf/sched_process_exit, tp_btf/cgroup_attach_task; softirqs: tp_btf/softirq_*',
        programs,
        drops: {
          ...drops,
          threads_unaccounted: totalOf(banks, structs.usage_bank.fields.unaccounted.offset),
        },
        mapBytes,
      };
    },
    [Symbol.dispose]: () => resources.dispose(),
  };
}
