import { existsSync, readFileSync } from 'node:fs';
import { UnsupportedError } from '@rezolus/core';
import type { CountedEvent } from '../perf-events.ts';
import { eventNames } from './metrics.ts';

/**
 * msrEvents: the events of the PMU msr as sysfs describes them. Throws UnsupportedError unless all of them are there:
 * a frequency takes all three.
 */
export function msrEvents(devices = '/sys/bus/event_source/devices'): CountedEvent[] {
  const pmu = `${devices}/msr`;
  if (!existsSync(`${pmu}/type`)) {
    throw new UnsupportedError('msr', 'this machine has no PMU msr, which counts the cycles of a frequency');
  }
  const absent = eventNames.filter((name) => !existsSync(`${pmu}/events/${name}`));
  if (absent.length > 0) {
    const text = `the PMU msr of this machine does not count ${absent.join(' and ')}, without which there is no frequency`;
    throw new UnsupportedError('msr', text);
  }
  const type = Number(readFileSync(`${pmu}/type`, 'utf8'));
  return eventNames.map((name, metric) => {
    const text = readFileSync(`${pmu}/events/${name}`, 'utf8').trim();
    const config = /^event=(0x[0-9a-f]+)$/i.exec(text)?.[1];
    if (config === undefined) throw new UnsupportedError('msr', `the PMU msr describes ${name} as "${text}"`);
    return { name, type, config: Number(config), metric };
  });
}
