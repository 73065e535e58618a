import {
  bucketBounds,
  bucketCount,
  bucketIndex,
  bucketLower,
  bucketUpper,
  type HistogramConfig,
} from '@rezolus/core';

/** ClassicLayout: how an H2 histogram is cut into `le` buckets. */
export interface ClassicLayout {
  /** For each bucket of the histogram the `le` bucket it falls into. */
  readonly target: Uint32Array;
  /** Inclusive upper bounds; the last bucket is `+Inf` and has none. */
  readonly bounds: readonly bigint[];
  /** Number of `le` buckets, `+Inf` included. */
  readonly count: number;
}

const layouts = new Map<string, ClassicLayout>();

/**
 * classicLayout: the `le` buckets for a grouping power of at most the histogram's own, or the one bucket `+Inf` for null.
 * Bounds of a lower power are bounds of a higher one too, so nothing is estimated.
 */
export function classicLayout(config: HistogramConfig, groupingPower: number | null): ClassicLayout {
  const key = `${config.groupingPower}/${config.maxValuePower}/${groupingPower}`;
  let layout = layouts.get(key);
  if (layout === undefined) {
    layout = makeLayout(config, groupingPower);
    layouts.set(key, layout);
  }
  return layout;
}

function makeLayout(config: HistogramConfig, groupingPower: number | null): ClassicLayout {
  const target = new Uint32Array(bucketCount(config));
  if (groupingPower === null) return { target, bounds: [], count: 1 };
  const coarse = { ...config, groupingPower: Math.min(groupingPower, config.groupingPower) };
  const count = bucketCount(coarse);
  for (let i = 0; i < target.length; i++) target[i] = bucketIndex(bucketLower(i, config), coarse);
  const bounds = Array.from({ length: count - 1 }, (_, i) => bucketUpper(i, coarse));
  return { target, bounds, count };
}

const midpoints = new Map<string, Float64Array>();

/**
 * bucketMidpoints: the value that stands for each bucket in a sum: exact for buckets of one value, else the middle, at
 * most 2^-(groupingPower + 1) of the value away.
 */
export function bucketMidpoints(config: HistogramConfig): Float64Array {
  const key = `${config.groupingPower}/${config.maxValuePower}`;
  let middles = midpoints.get(key);
  if (middles === undefined) {
    const ends = bucketBounds(config);
    middles = ends.map((end, i) => ((i === 0 ? 0 : ends[i - 1]!) + end - 1) / 2);
    midpoints.set(key, middles);
  }
  return middles;
}
