const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const steps = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * second),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 3, 6, 12].map((n) => n * hour),
  ...[1, 2, 7, 14, 28].map((n) => n * day),
];

/** timeTicks: round local times inside [min, max] (ms), at most `count` of them, and the step between them. */
export function timeTicks(min: number, max: number, count: number): { ticks: number[]; step: number } {
  const rough = (max - min) / Math.max(1, count);
  const step = steps.find((candidate) => candidate >= rough) ?? Math.ceil(rough / day) * day;
  // Ticks are round in local time: a day starts at local midnight.
  const offset = new Date(min).getTimezoneOffset() * minute;
  const ticks: number[] = [];
  for (let i = Math.ceil((min - offset) / step); i * step + offset <= max; i++) ticks.push(i * step + offset);
  return { ticks, step };
}

const two = (n: number) => String(n).padStart(2, '0');
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** distanceTicks: as {@link timeTicks}, round in their distance from `origin`. */
export function distanceTicks(
  min: number,
  max: number,
  count: number,
  origin: number,
): { ticks: number[]; step: number } {
  const rough = (max - min) / Math.max(1, count);
  const step = steps.find((candidate) => candidate >= rough) ?? Math.ceil(rough / day) * day;
  const ticks: number[] = [];
  for (let i = Math.ceil((min - origin) / step); i * step + origin <= max; i++) ticks.push(i * step + origin);
  return { ticks, step };
}

/** formatDistance: a length of time in ms with its sign: `+4:05`, `+1:30:00`, `-0:02.5`. */
export function formatDistance(ms: number): string {
  const whole = Math.abs(Math.round(ms));
  const [hours, minutes] = [Math.floor(whole / hour), Math.floor((whole % hour) / minute)];
  const rest = (whole % minute) / second;
  const seconds = `${rest < 10 ? '0' : ''}${Number.isInteger(rest) ? rest : rest.toFixed(3).replace(/0+$/, '')}`;
  const head = hours > 0 ? `${hours}:${two(minutes)}` : String(minutes);
  return `${ms < 0 && whole > 0 ? '-' : '+'}${head}:${seconds}`;
}

/** formatDay: `Nov 23`, local. */
export function formatDay(ms: number): string {
  const date = new Date(ms);
  return `${months[date.getMonth()]} ${date.getDate()}`;
}

/** formatTime: local `HH:MM`, with seconds and thousandths where a `step` of that size (ms) needs them. */
export function formatTime(ms: number, step: number): string {
  const date = new Date(ms);
  let text = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (step % minute !== 0) text += `:${two(date.getSeconds())}`;
  if (step % second !== 0) text += `.${String(date.getMilliseconds()).padStart(3, '0')}`;
  return text;
}

/** formatTimeTicks: labels of the ticks of a time axis; the first one of a later day is the day's name. */
export function formatTimeTicks(ticks: readonly number[], step: number): string[] {
  return ticks.map((tick, i) => {
    const newDay = i > 0 && formatDay(tick) !== formatDay(ticks[i - 1]!);
    return step >= day || newDay ? formatDay(tick) : formatTime(tick, step);
  });
}

/** ticksFor: ticks of a time axis: of distances from `origin`, or of the time of day where that is null. */
export function ticksFor(
  min: number,
  max: number,
  count: number,
  origin: number | null,
): { ticks: number[]; step: number } {
  return origin === null ? timeTicks(min, max, count) : distanceTicks(min, max, count, origin);
}

/** tickLabels: the labels of what {@link ticksFor} gave. */
export function tickLabels(ticks: readonly number[], step: number, origin: number | null): string[] {
  if (origin === null) return formatTimeTicks(ticks, step);
  return ticks.map((tick) => formatDistance(tick - origin));
}

/** formatSpan: a length of time in ms, two units at most: `4 m`, `1 h 30 m`, `250 ms`. */
export function formatSpan(ms: number): string {
  if (ms < second) return `${Number(ms.toPrecision(3))} ms`;
  const parts: string[] = [];
  let rest = Math.round(ms / second) * second;
  for (const [size, name] of [
    [day, 'd'],
    [hour, 'h'],
    [minute, 'm'],
    [second, 's'],
  ] as const) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0) parts.push(`${n} ${name}`);
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join(' ');
}

/** formatStep: a step in ms as menus and URLs write it: `250ms`, `15s`, `1m`, `1h`. */
export function formatStep(ms: number): string {
  if (ms % hour === 0) return `${ms / hour}h`;
  if (ms % minute === 0) return `${ms / minute}m`;
  if (ms % second === 0) return `${ms / second}s`;
  return `${ms}ms`;
}
