import { readFileSync } from 'node:fs';

/** parseCpuList: the ids of a kernel CPU list such as `0-3,8`, ascending. */
export function parseCpuList(text: string): number[] {
  const ids: number[] = [];
  for (const part of text.trim().split(',')) {
    if (part === '') continue;
    const [first, last = first] = part.split('-').map(Number) as [number, number?];
    for (let id = first; id <= last; id++) ids.push(id);
  }
  return ids;
}

/** possibleCpus: highest possible CPU id + 1; possible and not online, so that a hot-added CPU has its place. */
export function possibleCpus(path = '/sys/devices/system/cpu/possible'): number {
  return Math.max(...parseCpuList(readFileSync(path, 'utf8'))) + 1;
}
