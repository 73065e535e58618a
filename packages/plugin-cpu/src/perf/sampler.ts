import { ABI, defineSampler, type SamplerContext, type SamplerDefinition, sentence } from '@rezolus/core';
import type { CountedEvent } from '../perf-events.ts';
import { openSched, type Sched } from '../sched.ts';
import { handOver, hardwareEvents, openCounters } from './counters.ts';
import { cgroupCycles, cgroupInstructions, endedCgroups, sweep } from './metrics.ts';

/** defineCpuPerf: the sampler cpu_perf on the given events; tests bring software events. */
export function defineCpuPerf(events: readonly CountedEvent[] = hardwareEvents): SamplerDefinition {
  return defineSampler({
    name: 'cpu_perf',
    abi: ABI,
    description: 'Cycles and instructions, per CPU and per cgroup',
    routes: [
      {
        route: 'perf events cycles, instructions; per cgroup read at tp_btf/sched_switch',
        needs: 'a CPU PMU; kernel BTF',
      },
      {
        route: 'perf events cycles, instructions; per cgroup read at raw_tp/sched_switch',
        needs: 'a CPU PMU',
      },
    ],
    groups: [sweep, cgroupCycles, cgroupInstructions, endedCgroups],
    async create(context) {
      const counters = await openCounters(context, events);
      const perCpu = context.group(sweep.name);
      const sched = await trySched(context);
      const route = `perf_event_open ${events.map(({ name }) => name).join(', ')}`;
      if ('error' in sched) {
        return {
          groups: [perCpu],
          refresh: () => counters.refresh(perCpu),
          report: () => ({ route, missing: [`no cgroups: ${sched.error}`, ...counters.missing()] }),
        };
      }
      const { object, cgroup, cgroups } = sched;
      const perCgroup = [
        { group: context.group(cgroupCycles.name), offsets: [cgroup.cycles.offset] },
        { group: context.group(cgroupInstructions.name), offsets: [cgroup.instructions.offset] },
      ];
      const ended = context.group(endedCgroups.name);
      const endedOffsets = perCgroup.flatMap(({ offsets }) => offsets);
      let { generation } = counters;
      return {
        groups: [perCpu, ...perCgroup.map(({ group }) => group), ended],
        refresh() {
          counters.refresh(perCpu);
          if (counters.generation !== generation) handOver(object, counters);
          generation = counters.generation;
          cgroups.refresh();
          for (const { group, offsets } of perCgroup) cgroups.read(group, offsets);
          cgroups.readEnded(ended, endedOffsets);
        },
        report: () => {
          const report = sched.report('cpu_perf');
          return { ...report, route: `${route}; cgroups: ${report.route}`, missing: counters.missing() };
        },
      };
    },
  });
}

/** cpuPerf: cycles and instructions. */
export const cpuPerf = defineCpuPerf();

async function trySched(context: SamplerContext): Promise<Sched | { readonly error: string }> {
  try {
    return await openSched(context);
  } catch (error) {
    return { error: sentence(error) };
  }
}
