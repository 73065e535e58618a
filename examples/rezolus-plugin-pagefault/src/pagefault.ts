import {
  type BpfObject,
  type MappedMap,
  type ProgramStatus,
  type SamplerContext,
  type SamplerReport,
  UnsupportedError,
} from '@rezolus/core';
import {
  CgroupTable,
  maxCgroups,
  PerfGroup,
  perfType,
  pidCapacity,
  requireAttached,
  routeOf,
  totalOf,
  tracepoints,
} from '@rezolus/libbpf';
import { pagefault as spec } from './gen/pagefault.bpf.ts';

const bank = spec.structs.pagefault_bank.fields;
const cgroup = spec.structs.pagefault_cgroup.fields;

/** What the kernel counts at the end of a fault (include/uapi/linux/perf_event.h): minor, major. */
const ends = [
  { event: 'page-faults-min', config: 5 },
  { event: 'page-faults-maj', config: 6 },
] as const;

/** Pagefault: the loaded object, shared by the two samplers. */
export interface Pagefault extends Disposable {
  readonly banks: MappedMap;
  readonly bank: typeof bank;
  readonly cgroup: typeof cgroup;
  readonly cgroups: CgroupTable;
  report(sampler: 'pagefault_counts' | 'pagefault_latency'): SamplerReport;
}

/** openPagefault: loads the object once for both samplers. Throws UnsupportedError where the machine has no such hooks. */
export function openPagefault(context: SamplerContext): Promise<Pagefault> {
  return context.shared('pagefault', () => load(context));
}

function load({ bpf, enabled, possibleCpus }: SamplerContext): Pagefault {
  const resources = new DisposableStack();
  try {
    const object = resources.use(bpf.open(spec));
    const latency = enabled.has('pagefault_latency');
    const hooks = tracepoints(object, spec, bpf.kernelBtf, {
      page_fault_user: true,
      page_fault_kernel: true,
      cgroup_rmdir: true,
    });
    const endPrograms = tracepoints(object, spec, bpf.kernelBtf, {
      ended_minor: latency,
      ended_major: latency,
    });
    object.configure({
      counts_enabled: enabled.has('pagefault_counts'),
      latency_enabled: latency,
      cgroup_capacity: maxCgroups,
    });
    object.resize('banks', possibleCpus);
    object.resize('cgroups', possibleCpus * maxCgroups);
    object.resize('cgroup_names', maxCgroups);
    object.resize('cgroup_serials', maxCgroups);
    object.resize('starts', latency ? pidCapacity() : 1);
    object.load();
    const begin = object.attachAll(hooks);
    requireAttached(begin);
    const { programs: end, offline } = latency
      ? attachEnds(object, endPrograms, possibleCpus, resources)
      : nothing;
    const banks = object.map('banks');
    const cgroups = new CgroupTable(object, spec, 'pagefault_bank');
    const mapBytes = object.mapBytes();
    const owned = resources.move();
    return {
      banks,
      bank,
      cgroup,
      cgroups,
      report(sampler) {
        const timed = sampler === 'pagefault_latency';
        const programs = timed ? [...begin, ...end] : begin;
        const untracked = totalOf(banks, bank.untracked_tasks.offset);
        return {
          route: routeOf(programs),
          programs,
          drops: {
            cgroups_beyond_table: cgroups.unmeasured,
            ...(timed && { tasks_beyond_table: untracked }),
          },
          missing: timed ? offline.map((cpu) => `CPU ${cpu} was offline at the start: not timed`) : [],
          // One object for both: one of them accounts for it.
          ...(timed === latency && { mapBytes }),
        };
      },
      [Symbol.dispose]: () => owned.dispose(),
    };
  } catch (error) {
    resources.dispose();
    throw error;
  }
}

interface Ends {
  readonly programs: readonly ProgramStatus[];
  /** CPUs that could not be asked. */
  readonly offline: readonly number[];
}

const nothing: Ends = { programs: [], offline: [] };

/** Opens the events on every CPU, each to run its program every time. Throws where they cannot be had on any. */
function attachEnds(
  object: BpfObject,
  programs: readonly string[],
  possibleCpus: number,
  resources: DisposableStack,
): Ends {
  const events = ends.map(({ event, config }) => ({
    name: event,
    type: perfType.software,
    config,
    period: 1,
  }));
  const groups: PerfGroup[] = [];
  const offline: number[] = [];
  let unsupported: UnsupportedError | undefined;
  for (let cpu = 0; cpu < possibleCpus; cpu++) {
    try {
      groups.push(resources.use(PerfGroup.open(cpu, events)));
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
      unsupported = error;
      offline.push(cpu);
    }
  }
  if (groups.length === 0 && unsupported !== undefined) throw unsupported;
  const statuses = ends.map(({ event }, index) => ({
    ...object.attachPerfEvent(
      programs[index]!,
      groups.map(({ fds }) => fds[index]!),
    ),
    label: `perf_event/${event}`,
  }));
  requireAttached(statuses);
  return { programs: statuses, offline };
}
