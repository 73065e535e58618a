import type { BpfObject, SamplerContext } from '@rezolus/core';
import { perfType } from '@rezolus/libbpf';
import { type CountedEvent, everyCpu, PerfCounters } from '../perf-events.ts';

/** hardwareEvents: PERF_COUNT_HW_CPU_CYCLES and _INSTRUCTIONS, not as one group: each needs one free counter, not two at once. */
export const hardwareEvents: readonly CountedEvent[] = [
  { name: 'cycles', type: perfType.hardware, config: 0, metric: 0 },
  { name: 'instructions', type: perfType.hardware, config: 1, metric: 1 },
];

/**
 * openCounters: cycles and instructions of every CPU, for cpu_perf and for the scheduler's programs, which read them
 * at each switch. Whoever comes first says which events are counted. Throws as {@link PerfCounters} does.
 */
export function openCounters(
  context: SamplerContext,
  events: readonly CountedEvent[] = hardwareEvents,
): Promise<PerfCounters> {
  return context.shared(
    'perf',
    () => new PerfCounters(events.length, everyCpu(events.map((event) => [event])), { log: context.log }),
  );
}

/** Maps of the scheduler's object by metric. */
const eventMaps = ['perf_cycles', 'perf_instructions'] as const;

/** handOver: gives the scheduler's programs the events that are open now. */
export function handOver(object: BpfObject, counters: PerfCounters): void {
  for (const { cpu, metric, fd } of counters.opened()) object.setPerfEvent(eventMaps[metric]!, cpu, fd);
}
