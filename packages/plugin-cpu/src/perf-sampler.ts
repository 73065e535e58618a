import type { GroupDeclaration, MetricDeclaration, Sampler, SamplerContext } from '@rezolus/core';
import { PerfCounters, type PerfSource } from './perf-events.ts';

/** PerfSweep: one group of metrics that comes from perf events alone. */
export interface PerfSweep {
  readonly group: GroupDeclaration;
  /** How it is measured here, for the report. */
  readonly route: string;
  sources(online: readonly number[]): readonly PerfSource[];
  /** Metrics that this machine has, all by default. Events name their metric by its position among these. */
  only?(metric: MetricDeclaration): boolean;
}

/** perfSampler: a sampler that sweeps over perf counters. Throws as {@link PerfCounters} does. */
export function perfSampler(context: SamplerContext, { group, route, sources, only }: PerfSweep): Sampler {
  const target = context.group(group.name, only);
  const counters = new PerfCounters(target.metrics('counter').length, sources, { log: context.log });
  return {
    groups: [target],
    refresh: () => counters.refresh(target),
    report: () => ({ route, missing: counters.missing() }),
    async [Symbol.asyncDispose]() {
      counters[Symbol.dispose]();
    },
  };
}
