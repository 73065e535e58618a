import {
  bucketUpper,
  defaultHistogram,
  type Labels,
  type SampledGroup,
  type SamplerStatus,
} from '@rezolus/core';
import { Harness } from './harness.ts';

/** At most so many series of a metric are shown. */
const mostSeries = 20;

interface Reading {
  readonly title: string;
  readonly metric: string;
  /** False for gauges. */
  readonly growing: boolean;
  readonly value: bigint | BigUint64Array;
}

/**
 * show: runs the samplers of the built package in `folder` and says what they measure: values, and what came to them in
 * `seconds`. Resolves with whether all samplers are active. Throws REZ_ERR_PLUGIN_LOAD.
 */
export async function show(folder: string, seconds: number, print: (line: string) => void): Promise<boolean> {
  await using harness = await Harness.startPlugin(folder);
  await harness.refresh();
  const before = new Map(harness.groups().flatMap((group) => readings(group).map((one) => [one.title, one])));
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  await harness.refresh();
  const statuses = harness.statuses();
  for (const status of statuses) {
    print(statusLine(status));
    const groups = harness.groups().filter(({ name }) => name.startsWith(`${status.name}/`));
    for (const line of linesOf(groups.flatMap(readings), before, seconds)) print(`  ${line}`);
  }
  return statuses.every(({ state }) => state === 'active');
}

function statusLine({ name, state, route, error, missing = [] }: SamplerStatus): string {
  const details = [route && `by ${route}`, error, ...missing].filter(Boolean).join('; ');
  return `${name}: ${state}${details === '' ? '' : `, ${details}`}`;
}

/** The values that a group has now, copied. */
function readings({ schema, ...group }: SampledGroup): Reading[] {
  const present = (flags: Uint8Array | null, index: number) => flags === null || flags[index] === 1;
  const reading = (labels: Labels, growing: boolean, value: Reading['value']): Reading => ({
    title: titleOf(labels),
    metric: labels.metric!,
    growing,
    value,
  });
  return [
    ...schema.counters.flatMap(({ labels }, i) =>
      present(group.countersPresent, i) ? reading(labels, true, group.counters[i]!) : [],
    ),
    ...schema.gauges.flatMap(({ labels }, i) =>
      present(group.gaugesPresent, i) ? reading(labels, false, group.gauges[i]!) : [],
    ),
    ...schema.histograms.flatMap(({ labels }, i) => {
      const histogram = group.histograms[i] ?? null;
      return histogram === null ? [] : reading(labels, true, histogram.buckets.slice());
    }),
  ];
}

/** Labels that say nothing to who knows the declaration. */
const implied = new Set(['metric', 'sampler', 'unit', 'grouping_power', 'max_value_power']);

function titleOf(labels: Labels): string {
  const shown = Object.entries(labels).filter(([key]) => !implied.has(key));
  const text = shown.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(', ');
  return text === '' ? labels.metric! : `${labels.metric}{${text}}`;
}

function linesOf(now: readonly Reading[], before: ReadonlyMap<string, Reading>, seconds: number): string[] {
  const byMetric = Map.groupBy(now, ({ metric }) => metric);
  return [...byMetric].flatMap(([metric, series]) => {
    const lines = series
      .slice(0, mostSeries)
      .map((reading) => `${reading.title}  ${textOf(reading, before.get(reading.title)?.value, seconds)}`);
    const rest = series.length - lines.length;
    return rest > 0 ? [...lines, `${metric}: ${rest} more series`] : lines;
  });
}

function textOf({ value, growing }: Reading, before: Reading['value'] | undefined, seconds: number): string {
  if (typeof value !== 'bigint') return distribution(value, before as BigUint64Array | undefined);
  if (!growing) return String(value);
  const rate = Number(value - ((before as bigint | undefined) ?? 0n)) / seconds;
  return `${value}  (${rate.toFixed(1)}/s)`;
}

/** What came to a histogram: how many values, and below which value half and 99 % of them are. */
function distribution(now: BigUint64Array, before?: BigUint64Array): string {
  const added = Array.from(now, (count, i) => Number(count - (before?.[i] ?? 0n)));
  const total = added.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 'no values yet';
  const below = (share: number): bigint => {
    let seen = 0;
    const bucket = added.findIndex((count) => {
      seen += count;
      return seen >= share * total;
    });
    return bucketUpper(bucket, defaultHistogram);
  };
  return `${total} values, half below ${below(0.5)}, 99 % below ${below(0.99)}`;
}
