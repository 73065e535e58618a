import type { UnitSystem } from '../../contract.ts';

/** Scale: a step of a unit system: values are divided by `factor` and shown with `suffix`. */
export interface Scale {
  readonly factor: number;
  readonly suffix: string;
}

const metric = (suffixes: readonly string[], base: number): Scale[] =>
  suffixes.map((suffix, i) => ({ factor: base ** i, suffix }));

// Sizes of memory and of requests count in 1024 and say so; what goes over a wire or to a disk counts in 1000.
const systems: Readonly<Record<UnitSystem, readonly Scale[]>> = {
  percentage: [{ factor: 0.01, suffix: '%' }],
  time: metric(['ns', 'µs', 'ms', 's'], 1000),
  bytes: metric(['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'], 1024),
  datarate: metric(['B/s', 'kB/s', 'MB/s', 'GB/s', 'TB/s'], 1000),
  bitrate: metric(['bps', 'kbps', 'Mbps', 'Gbps', 'Tbps'], 1000),
  rate: metric(['/s', 'K/s', 'M/s', 'B/s'], 1000),
  count: metric(['', 'K', 'M', 'B'], 1000),
  frequency: metric(['Hz', 'kHz', 'MHz', 'GHz'], 1000),
};

/** unitSystems: every unit system, for menus. */
export const unitSystems = Object.keys(systems) as UnitSystem[];

/** unitScale: the largest step of `unit` that keeps `magnitude` at or above 1, else the smallest. */
export function unitScale(unit: UnitSystem, magnitude: number): Scale {
  const steps = systems[unit];
  return steps.findLast((step) => magnitude >= step.factor) ?? steps[0]!;
}

const withSuffix = (text: string, suffix: string) => (suffix === '' ? text : `${text} ${suffix}`);

/**
 * formatValue: `value` (in the base of `unit`: ns, 0..1, B, ...) with three significant digits and its unit.
 * What is no finite number is a dash.
 */
export function formatValue(value: number | null | undefined, unit: UnitSystem): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  let scale = unitScale(unit, size);
  // 999.9 µs is 1 ms once it is rounded.
  const rounded = Number((size / scale.factor).toPrecision(3)) * scale.factor;
  if (rounded > size) scale = unitScale(unit, rounded * (1 + 1e-12));
  return withSuffix(significant(value / scale.factor), scale.suffix);
}

/** significant: three significant digits, but no rounding of whole digits and no exponent in sight of 1. */
function significant(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size >= 1e15 || size < 1e-6) return value.toExponential(2);
  if (size >= 999.5) return groupThousands(value.toFixed(0));
  return Number.isInteger(value) || size < 0.001
    ? String(Number(value.toPrecision(3)))
    : value.toPrecision(3);
}

const groupThousands = (digits: string) => digits.replace(/\B(?=(\d{3})+$)/g, ',');

/**
 * formatTicks: labels of the ticks of one axis: one scale and one number of decimals for all of them, so that they
 * compare at a glance. On a logarithmic axis every tick takes its own scale.
 */
export function formatTicks(ticks: readonly number[], unit: UnitSystem, log = false): string[] {
  if (log) return ticks.map((tick) => formatValue(tick, unit));
  const scale = unitScale(unit, Math.max(...ticks.map(Math.abs), 0));
  const scaled = ticks.map((tick) => tick / scale.factor);
  const decimals = decimalsFor(scaled);
  return scaled.map((tick) => {
    if (tick === 0) return '0';
    const text = tick.toFixed(decimals);
    return withSuffix(decimals === 0 ? groupThousands(text) : text, scale.suffix);
  });
}

/** decimalsFor: the fewest decimals that tell all `values` from their neighbours exactly. */
function decimalsFor(values: readonly number[]): number {
  for (let decimals = 0; decimals < 6; decimals++) {
    const tolerance = 10 ** -decimals * 1e-3;
    if (values.every((value) => Math.abs(Number(value.toFixed(decimals)) - value) < tolerance))
      return decimals;
  }
  return 6;
}

/** linearTicks: round values inside [min, max], about `count` of them; for bytes they are round in 1024. */
export function linearTicks(min: number, max: number, count: number, unit: UnitSystem): number[] {
  const span = max - min;
  if (!(span > 0) || !Number.isFinite(span)) return [min];
  const step = roundStep(span / Math.max(1, count), unit);
  const ticks: number[] = [];
  for (let i = Math.ceil(min / step - 1e-9); i * step <= max + step * 1e-9; i++) ticks.push(i * step + 0);
  return ticks;
}

function roundStep(rough: number, unit: UnitSystem): number {
  if (unit === 'bytes' && rough >= 1) return 2 ** Math.ceil(Math.log2(rough) - 1e-9);
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = decade * ([1, 2, 5, 10].find((factor) => factor * decade >= rough * (1 - 1e-9)) ?? 10);
  return unit === 'bytes' ? Math.max(1, step) : step;
}

/** logTicks: decades inside [min, max], with 2 and 5 between them where few decades are in sight; at most `count`. */
export function logTicks(min: number, max: number, count: number): number[] {
  const first = Math.floor(Math.log10(min) + 1e-9);
  const last = Math.ceil(Math.log10(max) - 1e-9);
  const between = (last - first) * 3 <= count + 2 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil((last - first) / Math.max(1, count)));
  const ticks: number[] = [];
  for (let decade = first; decade <= last; decade++) {
    if (((decade % every) + every) % every !== 0) continue;
    for (const factor of between) {
      const tick = factor * 10 ** decade;
      if (tick >= min * (1 - 1e-9) && tick <= max * (1 + 1e-9)) ticks.push(tick);
    }
  }
  return ticks;
}
