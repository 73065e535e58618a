import { ABI, defineSampler, type MetricGroup, type SamplerDefinition } from '@rezolus/core';
import { drops, maps, programs, refreshes } from './metrics.ts';
import type { OverheadObserver } from './observer.ts';

export { OverheadObserver, type PluginCost } from './observer.ts';

/** overheadSampler: the sampler `rezolus_overhead` on top of what `observer` sees. */
export function overheadSampler(observer: OverheadObserver): SamplerDefinition {
  return defineSampler({
    name: 'rezolus_overhead',
    abi: ABI,
    description:
      'What measuring costs: CPU time of every BPF program, memory of maps, time of refreshes, events lost',
    routes: [{ route: 'BPF run statistics in a window of each interval', needs: 'Linux 5.8' }],
    options: {
      interval: {
        type: 'duration',
        default: '60s',
        description: 'How often BPF programs are measured.',
      },
      window: {
        type: 'duration',
        default: '1s',
        description: 'For how long; while they are measured each run costs some 20 ns more.',
      },
    },
    groups: [programs, maps, refreshes, drops],
    create: (context) => {
      const group = {
        programs: context.group(programs.name),
        maps: context.group(maps.name),
        refreshes: context.group(refreshes.name),
        drops: context.group(drops.name),
      };
      let measured = -1;
      observer.start(context.options.interval, context.options.window);
      return {
        groups: Object.values(group),
        refresh() {
          if (observer.measurements !== measured) {
            measured = observer.measurements;
            readMeasured(observer, group);
          }
          readRefreshes(observer, group.refreshes);
        },
        report: () => ({
          route: 'BPF run statistics, a window of each interval',
          missing: observer.failure === null ? [] : [`BPF programs are not measured: ${observer.failure}`],
        }),
        [Symbol.asyncDispose]: async () => observer[Symbol.dispose](),
      };
    },
  });
}

function readMeasured(
  observer: OverheadObserver,
  group: Readonly<Record<'programs' | 'maps' | 'drops', MetricGroup>>,
): void {
  const costs = observer.programs().filter(({ runs }) => runs > 0);
  name(
    group.programs,
    costs.map(({ plugin, program }) => ({ plugin, program })),
  );
  group.programs.beginRead();
  for (const [index, cost] of costs.entries()) {
    group.programs.counters[index] = BigInt(Math.round(cost.runs));
    group.programs.counters[costs.length + index] = BigInt(Math.round(cost.timeNs));
    group.programs.counters[2 * costs.length + index] = cost.recursionMisses;
  }
  group.programs.endRead();
  const plugins = observer.plugins();
  name(
    group.maps,
    plugins.map(({ plugin }) => ({ plugin })),
  );
  group.maps.beginRead();
  for (const [index, { map_bytes }] of plugins.entries()) group.maps.gauges[index] = BigInt(map_bytes);
  group.maps.endRead();
  const lost = observer.drops();
  name(
    group.drops,
    lost.map(({ name, reason }) => ({ name, reason })),
  );
  group.drops.beginRead();
  for (const [index, { count }] of lost.entries()) group.drops.counters[index] = BigInt(count);
  group.drops.endRead();
}

function readRefreshes(observer: OverheadObserver, group: MetricGroup): void {
  const times = observer.refreshTimes();
  name(
    group,
    times.map((time) => ({ name: time.name })),
  );
  group.beginRead();
  for (const [index, { ms }] of times.entries()) group.counters[index] = BigInt(Math.round(ms * 1e6));
  group.endRead();
}

/** Gives a group its members where they are others than before. */
function name(group: MetricGroup, labels: readonly Readonly<Record<string, string>>[]): void {
  const same = (one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>> | undefined) =>
    Object.entries(one).every(([key, value]) => other?.[key] === value);
  const { members } = group;
  if (members.length === labels.length && labels.every((each, index) => same(each, members[index]?.labels)))
    return;
  group.setMembers(labels.map((each, id) => ({ id, labels: each })));
}
