import { defaultHistogram, type HistogramConfig } from '@rezolus/core/histogram';
import type { TickCall } from './ast.ts';
import type { Context, SelectedSeries } from './context.ts';
import { positiveMs } from './duration.ts';
import { warnAboutQuantiles } from './functions/quantile.ts';
import { groupLabels } from './grouping.ts';
import { Accumulator, commonConfig, RowSlider, shapeOf } from './histogram.ts';
import { type LabelSet, labelKey, withLabel } from './labels.ts';
import { PerTimes, shiftedTimes, windowsOf } from './select.ts';
import type { HistogramColumn } from './source.ts';
import {
  type BucketsValue,
  floatSeries,
  type Grid,
  type Value,
  type VectorSeries,
  type Windows,
} from './values.ts';

interface Member {
  readonly column: HistogramColumn;
  readonly windows: Windows;
}

interface MergedHistogram {
  readonly labels: LabelSet;
  readonly config: HistogramConfig;
  readonly members: readonly Member[];
}

/**
 * tick: our functions over histograms as recorded: what all series of a group gained in (time - width, time], where
 * width is the stride or else the step of the query. Times without observations give no sample; `irate` gives 0 where
 * the histogram was read. The state of the first row of a recording is no gain.
 */
export function tick(context: Context, call: TickCall, grid: Grid): Value {
  const ends = shiftedTimes(context, call.selector, grid);
  const width =
    call.stride === null ? grid.stepMs || context.intervalMs : positiveMs(call.stride, context.query);
  const groups = merge(context, call, ends, width);
  if (call.name === 'heatmap') return heatmap(context, groups[0], ends.length, grid);
  warnAboutQuantiles(context, call, Float64Array.from(call.quantiles));
  const series = groups.flatMap((group): VectorSeries[] => {
    if (call.name === 'irate') return [perSecond(context, group, grid)];
    if (call.name === 'quantiles') return quantiles(context, call.quantiles, group, grid);
    return [reduced(context, call.name, group, grid)];
  });
  return { type: 'vector', series: series.filter((each) => each.present.includes(1)) };
}

function merge(context: Context, call: TickCall, ends: Float64Array, width: number): MergedHistogram[] {
  const labelsOf = groupLabels(call.grouping);
  const selected = (context.selected.get(call.selector) ?? []).filter(
    ({ column }) => column.kind === 'histogram',
  );
  const windowsOfTimes = new PerTimes<Windows>();
  const groups = Map.groupBy(selected, ({ labels }) => labelKey(labelsOf(labels)));
  return [...groups.values()].map((group) => {
    const members = group.map(({ column }: SelectedSeries): Member => {
      const windows = windowsOfTimes.get(column.times, () => windowsOf(column.times, ends, width));
      return { column: column as HistogramColumn, windows };
    });
    const config = members.map(({ column }) => column.config).reduce(commonConfig);
    return { labels: labelsOf(group[0]!.labels), config, members };
  });
}

/** Calls `visit` per time with the gain of all members, in buckets `low .. high` of `dense`, where there is any. */
function eachGain(
  context: Context,
  { config, members }: MergedHistogram,
  count: number,
  visit: (step: number, gain: Accumulator) => void,
): void {
  const gain = new Accumulator(config);
  const sliders = members.map(({ column }) => new RowSlider(column, gain));
  for (let i = 0; i < count; i++) {
    members.forEach(({ windows: { from, to } }, j) => {
      const first = Math.max(1, from[i]!);
      context.budget.work(sliders[j]!.moveTo(first, Math.max(first, to[i]!)));
    });
    visit(i, gain);
  }
}

function total({ dense, low, high }: Accumulator): number {
  let sum = 0;
  for (let i = low; i <= high; i++) sum += dense[i]!;
  return sum;
}

/**
 * The smallest bucket at or below which lie at least q of the observations (and at least one); reported as the
 * largest value of that bucket, like the original.
 */
function quantiles(
  context: Context,
  wanted: readonly number[],
  group: MergedHistogram,
  grid: Grid,
): VectorSeries[] {
  const results = wanted.map((q) => {
    context.budget.allocate(grid.count);
    return floatSeries(withLabel(group.labels, 'quantile', String(q)), false, grid.count);
  });
  const { largest } = shapeOf(group.config);
  const ascending = wanted.map((q, i) => ({ q, result: results[i]! })).sort((a, b) => a.q - b.q);
  eachGain(context, group, grid.count, (step, gain) => {
    const all = total(gain);
    if (all <= 0) return;
    let bucket = gain.low;
    let below = gain.dense[bucket]!;
    for (const { q, result } of ascending) {
      const needed = Math.max(1, Math.ceil(q * all));
      while (below < needed && bucket < gain.high) below += gain.dense[++bucket]!;
      result.present[step] = q >= 0 && q <= 1 ? 1 : 0;
      result.values[step] = largest[bucket]!;
    }
  });
  return results;
}

function reduced(
  context: Context,
  name: 'mean' | 'sum' | 'count' | 'quantiles' | 'heatmap',
  group: MergedHistogram,
  grid: Grid,
): VectorSeries {
  context.budget.allocate(grid.count);
  const result = floatSeries(group.labels, false, grid.count);
  const { middles } = shapeOf(group.config);
  eachGain(context, group, grid.count, (step, gain) => {
    const count = total(gain);
    if (count <= 0) return;
    let sum = 0;
    if (name !== 'count')
      for (let i = gain.low; i <= gain.high; i++)
        if (gain.dense[i] !== 0) sum += gain.dense[i]! * middles[i]!;
    result.present[step] = 1;
    result.values[step] = name === 'count' ? count : name === 'sum' ? sum : sum / count;
  });
  return result;
}

/** Observations per second: the gain of each member over the time between its rows. */
function perSecond(context: Context, group: MergedHistogram, grid: Grid): VectorSeries {
  context.budget.allocate(grid.count);
  const result = floatSeries(group.labels, false, grid.count);
  for (const { column, windows } of group.members) {
    const { exactTimes: times = column.times, starts, counts } = column;
    for (let i = 0; i < grid.count; i++) {
      const first = Math.max(1, windows.from[i]!);
      const end = windows.to[i]!;
      const elapsed = (times[end - 1]! - times[first - 1]!) / 1000;
      if (end <= first || elapsed <= 0) continue;
      let gained = 0;
      for (let entry = starts[first]!; entry < starts[end]!; entry++) gained += counts[entry]!;
      context.budget.work(starts[end]! - starts[first]!);
      result.present[i] = 1;
      result.values[i]! += gained / elapsed;
    }
  }
  return result;
}

function heatmap(
  context: Context,
  group: MergedHistogram | undefined,
  count: number,
  grid: Grid,
): BucketsValue {
  const columns: number[] = [];
  const buckets: number[] = [];
  const counts: number[] = [];
  // The accumulator remembers the range of all buckets it ever held.
  let used = { low: 0, high: -1 };
  if (group !== undefined)
    eachGain(context, group, count, (step, gain) => {
      const { dense, low, high } = gain;
      for (let i = low; i <= high; i++) {
        if (dense[i] === 0) continue;
        columns.push(step);
        buckets.push(i);
        counts.push(dense[i]!);
      }
      context.budget.allocate(Math.max(0, high - low + 1));
      used = gain;
    });
  const { low, high } = used;
  const { ends } = shapeOf(group?.config ?? defaultHistogram);
  return {
    type: 'buckets',
    times: grid.times,
    bounds: ends.slice(low, high + 1),
    columns: new Uint32Array(columns),
    rows: new Uint16Array(buckets).map((bucket) => bucket - low),
    counts: new Float64Array(counts),
  };
}
