import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { parseCpuList, UnsupportedError } from '@rezolus/core';
import type { CountedEvent } from '../perf-events.ts';

/** L3Events: the events of one level 3 cache, in groups, and the PMU they come from. */
export interface L3Events {
  readonly pmu: string;
  readonly groups: readonly (readonly CountedEvent[])[];
}

/** Access and miss as the PMUs take them: AMD unit mask << 8 | event, Intel's LLC_LOOKUP and TOR_INSERTS likewise. */
const codes = {
  amd_l3: { access: 0xff04, miss: 0x0104 },
  uncore_cha: { access: 0x0f34, miss: 0x2135 },
} as const;

/**
 * l3Events: the events that count a level 3 cache here. An Intel one is cut into slices, each with a PMU of its own;
 * their counts add up. Throws UnsupportedError where there is no PMU for it, which is so on Arm and in most guests.
 */
export function l3Events(devices = '/sys/bus/event_source/devices'): L3Events {
  if (existsSync(`${devices}/amd_l3/type`)) {
    return { pmu: 'amd_l3', groups: [pair(devices, 'amd_l3', codes.amd_l3)] };
  }
  const slices = existsSync(devices)
    ? readdirSync(devices).filter((name) => /^uncore_cha_\d+$/.test(name))
    : [];
  if (slices.length === 0) {
    throw new UnsupportedError('l3', 'this machine has no PMU for the level 3 cache (amd_l3 or uncore_cha)');
  }
  return {
    pmu: `uncore_cha (${slices.length} slices)`,
    groups: slices.map((name) => pair(devices, name, codes.uncore_cha)),
  };
}

function pair(devices: string, pmu: string, { access, miss }: { access: number; miss: number }) {
  const type = Number(readFileSync(`${devices}/${pmu}/type`, 'utf8'));
  return [
    { name: `${pmu}/access`, type, config: access, metric: 0 },
    { name: `${pmu}/miss`, type, config: miss, metric: 1 },
  ];
}

/** cacheLeaders: the first CPU of each level 3 cache, for the CPUs that are online. */
export function cacheLeaders(online: readonly number[], cpus = '/sys/devices/system/cpu'): number[] {
  const leaders = new Map<string, number>();
  for (const cpu of online) {
    const folder = `${cpus}/cpu${cpu}/cache`;
    const index = existsSync(folder)
      ? readdirSync(folder).find(
          (name) =>
            name.startsWith('index') && readFileSync(`${folder}/${name}/level`, 'utf8').trim() === '3',
        )
      : undefined;
    if (index === undefined) continue;
    const list = readFileSync(`${folder}/${index}/shared_cpu_list`, 'utf8').trim();
    if (!leaders.has(list)) leaders.set(list, parseCpuList(list)[0] ?? cpu);
  }
  return [...new Set(leaders.values())].sort((a, b) => a - b);
}
