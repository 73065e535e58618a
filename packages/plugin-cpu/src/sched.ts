import type { BpfObject, MappedMap, SamplerContext, SamplerReport } from '@rezolus/core';
import { CgroupTable, maxCgroups, pidCapacity, totalOf, tracepoints } from '@rezolus/libbpf';
import { sched as schedBpf } from './gen/sched.bpf.ts';

const bank = schedBpf.structs.sched_bank.fields;
const cgroup = schedBpf.structs.sched_cgroup.fields;

const hooks = {
  cpu_migrations: ['sched_switch', 'sched_wakeup_new'],
  scheduler_runqueue: ['sched_switch', 'sched_wakeup', 'sched_wakeup_new'],
} as const;

/** Sched: the loaded scheduler object, shared by cpu_migrations and scheduler_runqueue. */
export interface Sched extends Disposable {
  readonly object: BpfObject;
  readonly banks: MappedMap;
  readonly bank: typeof bank;
  readonly cgroup: typeof cgroup;
  readonly cgroups: CgroupTable;
  report(sampler: keyof typeof hooks): SamplerReport;
}

/** openSched: loads the object once for both samplers; the parts of a sampler that is off are pruned by the verifier. */
export function openSched(context: SamplerContext): Promise<Sched> {
  return context.shared('sched', () => load(context));
}

function load({ bpf, enabled, possibleCpus }: SamplerContext): Sched {
  const object = bpf.open(schedBpf);
  try {
    const runqueue = enabled.has('scheduler_runqueue');
    const chosen = tracepoints(object, schedBpf, bpf.kernelBtf, {
      sched_switch: true,
      sched_wakeup: runqueue,
      sched_wakeup_new: true,
    });
    object.configure({
      runqueue_enabled: runqueue,
      migrations_enabled: enabled.has('cpu_migrations'),
      cgroup_capacity: maxCgroups,
    });
    object.resize('banks', possibleCpus);
    object.resize('migrations_from', possibleCpus);
    object.resize('cgroups', possibleCpus * maxCgroups);
    object.resize('cgroup_names', maxCgroups);
    object.resize('tasks', pidCapacity());
    object.load();
    const programs = object.attachAll(chosen);
    const route = bpf.kernelBtf ? 'btf' : 'raw';
    const banks = object.map('banks');
    const cgroups = new CgroupTable(object, schedBpf, 'sched_bank');
    const mapBytes = object.mapBytes();
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
          route: used.map(({ label }) => label).join(', '),
          programs: used,
          drops: {
            tasks_beyond_table: totalOf(banks, bank.untracked_tasks.offset),
            cgroups_beyond_table: cgroups.unmeasured,
          },
          // One object for both: whoever is there and comes first accounts for it.
          ...(sampler === (runqueue ? 'scheduler_runqueue' : 'cpu_migrations') && { mapBytes }),
        };
      },
      [Symbol.dispose]: () => object[Symbol.dispose](),
    };
  } catch (error) {
    object[Symbol.dispose]();
    throw error;
  }
}
