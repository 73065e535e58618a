import type { BpfObject, MappedMap, SamplerContext, SamplerReport } from '@rezolus/core';
import { CgroupTable, maxCgroups, pidCapacity, routeOf, totalOf, tracepoints } from '@rezolus/libbpf';
import { sched as schedBpf } from './gen/sched.bpf.ts';
import { handOver, openCounters } from './perf/counters.ts';

const bank = schedBpf.structs.sched_bank.fields;
const cgroup = schedBpf.structs.sched_cgroup.fields;

const hooks = {
  cpu_migrations: ['sched_switch', 'sched_wakeup_new', 'cgroup_rmdir'],
  cpu_perf: ['sched_switch', 'cgroup_rmdir'],
  scheduler_runqueue: ['sched_switch', 'sched_wakeup', 'sched_wakeup_new', 'cgroup_rmdir'],
} as const;

/** Sched: the loaded scheduler object, shared by cpu_migrations, cpu_perf and scheduler_runqueue. */
export interface Sched extends Disposable {
  readonly object: BpfObject;
  readonly banks: MappedMap;
  readonly bank: typeof bank;
  readonly cgroup: typeof cgroup;
  readonly cgroups: CgroupTable;
  report(sampler: keyof typeof hooks): SamplerReport;
}

/**
 * openSched: loads the object once for its samplers; the parts of a sampler that is off, or of cpu_perf where there is
 * nothing to count with, are pruned by the verifier.
 */
export function openSched(context: SamplerContext): Promise<Sched> {
  return context.shared('sched', () => load(context));
}

async function load(context: SamplerContext): Promise<Sched> {
  const { bpf, enabled, possibleCpus } = context;
  const counters = enabled.has('cpu_perf') ? await openCounters(context).catch(() => null) : null;
  const object = bpf.open(schedBpf);
  try {
    const runqueue = enabled.has('scheduler_runqueue');
    const migrations = enabled.has('cpu_migrations');
    const histograms = Number(enabled.get('scheduler_runqueue')?.cgroup_histograms ?? 0);
    const chosen = tracepoints(object, schedBpf, bpf.kernelBtf, {
      sched_switch: true,
      sched_wakeup: runqueue,
      sched_wakeup_new: runqueue || migrations,
      cgroup_rmdir: true,
    });
    object.configure({
      runqueue_enabled: runqueue,
      migrations_enabled: migrations,
      perf_enabled: counters !== null,
      cgroup_capacity: maxCgroups,
      cgroup_histograms_capacity: histograms,
    });
    object.resize('banks', possibleCpus);
    object.resize('migrations_from', possibleCpus);
    object.resize('cgroups', possibleCpus * maxCgroups);
    object.resize('cgroup_names', maxCgroups);
    object.resize('cgroup_serials', maxCgroups);
    object.resize('cgroup_histograms', Math.max(histograms, 1));
    object.resize('tasks', runqueue || migrations ? pidCapacity() : 1);
    object.load();
    if (counters !== null) handOver(object, counters);
    const programs = object.attachAll(chosen);
    const route = bpf.kernelBtf ? 'btf' : 'raw';
    const banks = object.map('banks');
    const cgroups = new CgroupTable(object, schedBpf, 'sched_bank');
    const mapBytes = object.mapBytes();
    // One object for all: the first of these that is there accounts for it.
    const accountant = runqueue ? 'scheduler_runqueue' : migrations ? 'cpu_migrations' : 'cpu_perf';
    return {
      object,
      banks,
      bank,
      cgroup,
      cgroups,
      report(sampler) {
        const used = programs.filter(({ name }) =>
          hooks[sampler].some((hook) => name === `${hook}_${route}`),
        );
        return {
          route: routeOf(used),
          programs: used,
          drops: {
            tasks_beyond_table: totalOf(banks, bank.untracked_tasks.offset),
            ...(sampler === 'cpu_perf' && {
              unread_counters: totalOf(banks, bank.unread_counters.offset),
            }),
            ...(sampler === 'scheduler_runqueue' &&
              histograms > 0 && {
                cgroups_beyond_histograms: totalOf(banks, bank.cgroups_without_histograms.offset),
                cgroup_histograms_raced: totalOf(banks, bank.cgroup_histograms_raced.offset),
              }),
            cgroups_beyond_table: cgroups.unmeasured,
          },
          ...(sampler === accountant && { mapBytes }),
        };
      },
      [Symbol.dispose]: () => object[Symbol.dispose](),
    };
  } catch (error) {
    object[Symbol.dispose]();
    throw error;
  }
}
