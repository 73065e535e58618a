const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  nsec: 1e-6,
  us: 1e-3,
  usec: 1e-3,
  ms: 1,
  msec: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  seconds: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
  weeks: 604_800_000,
};

/** parseDuration: milliseconds of a duration such as `10ms`, `1s`, `1h 30m`, or null where it is none. */
export function parseDuration(text: string): number | null {
  const pattern = /\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*/gy;
  let total = 0;
  let end = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const factor = unitMs[match[2]!];
    if (factor === undefined) return null;
    total += Number(match[1]) * factor;
    end = pattern.lastIndex;
  }
  return end === text.length && end > 0 ? total : null;
}

/** formatDuration: a duration in the way people write it, e.g. `1h 2m 3s`, `1.5s`, `10ms`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  if (ms < 1) return `${Math.round(ms * 1000)}us`;
  if (ms < 1000) return `${Number(ms.toFixed(1))}ms`;
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(1))}s`;
  const seconds = Math.round(ms / 1000);
  const parts: string[] = [];
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor((seconds % (size * (unit === 'd' ? 1e9 : unit === 'h' ? 24 : 60))) / size);
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.join(' ');
}
