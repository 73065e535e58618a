import type { MappedMap, SamplerContext, SamplerReport } from '@rezolus/core';
import { CgroupTable, maxCgroups, pidCapacity, routeOf, totalOf, tracepoints } from '@rezolus/libbpf';
import { familyTable } from './families.ts';
import { syscall as syscallBpf } from './gen/syscall.bpf.ts';

const bank = syscallBpf.structs.syscall_bank.fields;
const cgroup = syscallBpf.structs.syscall_cgroup.fields;

const hooks = {
  syscall_counts: ['sys_enter', 'cgroup_rmdir'],
  syscall_latency: ['sys_enter', 'sys_exit', 'cgroup_rmdir'],
} as const;

/** Syscall: the loaded system call object, shared by syscall_counts and syscall_latency. */
export interface Syscall extends Disposable {
  readonly banks: MappedMap;
  readonly bank: typeof bank;
  readonly cgroup: typeof cgroup;
  readonly cgroups: CgroupTable;
  report(sampler: keyof typeof hooks): SamplerReport;
}

/** openSyscall: loads the object once for both samplers. Counts alone need no program on exit and no clock. */
export function openSyscall(context: SamplerContext): Promise<Syscall> {
  return context.shared('syscall', () => load(context));
}

function load({ bpf, enabled, possibleCpus }: SamplerContext): Syscall {
  const object = bpf.open(syscallBpf);
  try {
    const latency = enabled.has('syscall_latency');
    const chosen = tracepoints(object, syscallBpf, bpf.kernelBtf, {
      sys_enter: true,
      sys_exit: latency,
      cgroup_rmdir: true,
    });
    object.configure({
      counts_enabled: enabled.has('syscall_counts'),
      latency_enabled: latency,
      families: familyTable(),
      cgroup_capacity: maxCgroups,
    });
    object.resize('banks', possibleCpus);
    object.resize('cgroups', possibleCpus * maxCgroups);
    object.resize('cgroup_names', maxCgroups);
    object.resize('cgroup_serials', maxCgroups);
    object.resize('starts', latency ? pidCapacity() : 1);
    object.load();
    const programs = object.attachAll(chosen);
    const route = bpf.kernelBtf ? 'btf' : 'raw';
    const banks = object.map('banks');
    const cgroups = new CgroupTable(object, syscallBpf, 'syscall_bank');
    const mapBytes = object.mapBytes();
    return {
      banks,
      bank,
      cgroup,
      cgroups,
      report(sampler) {
        const used = programs.filter(({ name }) =>
          hooks[sampler].some((hook) => name === `${hook}_${route}`),
        );
        const drops = {
          cgroups_beyond_table: cgroups.unmeasured,
          tasks_beyond_table: totalOf(banks, bank.untracked_tasks.offset),
        };
        return {
          route: routeOf(used),
          programs: used,
          drops,
          // One object for both: one of them accounts for it.
          ...(sampler === (latency ? 'syscall_latency' : 'syscall_counts') && { mapBytes }),
        };
      },
      [Symbol.dispose]: () => object[Symbol.dispose](),
    };
  } catch (error) {
    object[Symbol.dispose]();
    throw error;
  }
}
