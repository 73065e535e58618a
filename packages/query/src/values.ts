import type { Histogram } from './histogram.ts';
import type { LabelSet } from './labels.ts';
import type { HistogramColumn } from './source.ts';

/** Grid: the times an expression is evaluated at: all of them at once. */
export interface Grid {
  readonly startMs: number;
  /** 0 where there is just one time. */
  readonly stepMs: number;
  readonly count: number;
  /** `startMs + i * stepMs`. */
  readonly times: Float64Array;
}

/** makeGrid: the times from start to end, both inclusive. */
export function makeGrid(startMs: number, endMs: number, stepMs: number): Grid {
  const count = stepMs > 0 ? Math.max(0, Math.floor((endMs - startMs) / stepMs) + 1) : 1;
  const times = new Float64Array(count);
  for (let i = 0; i < count; i++) times[i] = startMs + i * stepMs;
  return { startMs, stepMs, count, times };
}

/**
 * VectorSeries: one series of an instant vector at every time of the grid. Where `present` is 0 there is no sample.
 * A series holds either doubles in `values` or, where it is not null, histograms.
 */
export interface VectorSeries {
  readonly labels: LabelSet;
  /** The metric name goes away when the query ends; until then functions that relabel can still see it. */
  readonly dropName: boolean;
  readonly present: Uint8Array;
  readonly values: Float64Array;
  readonly histograms: (Histogram | undefined)[] | null;
}

/** ScalarValue: one double per time of the grid. */
export interface ScalarValue {
  readonly type: 'scalar';
  readonly values: Float64Array;
}

/** VectorValue: an instant vector at every time; the order of series matters only where `ordered` is set. */
export interface VectorValue {
  readonly type: 'vector';
  readonly series: readonly VectorSeries[];
  readonly ordered?: boolean;
}

/** BucketsValue: a heatmap as triples: `counts[i]` observations at `times[columns[i]]` in the bucket `rows[i]`. */
export interface BucketsValue {
  readonly type: 'buckets';
  readonly times: Float64Array;
  /** Exclusive upper end of each row's bucket, from the lowest to the highest one in use. */
  readonly bounds: Float64Array;
  readonly columns: Uint32Array;
  readonly rows: Uint16Array;
  readonly counts: Float64Array;
}

export type Value =
  | ScalarValue
  | VectorValue
  | BucketsValue
  | { readonly type: 'string'; readonly value: string };

/** FloatSamples: raw samples without stale markers; a sample is `values[i] + base`. */
export interface FloatSamples {
  readonly kind: 'float';
  readonly times: Float64Array;
  /** When they were really taken; the same array as `times` where those were not moved. */
  readonly exactTimes: Float64Array;
  readonly values: Float64Array;
  readonly base: number;
}

/** Windows: the samples that a range holds at each time of the grid: `from[i] <= index < to[i]`, both ascending. */
export interface Windows {
  readonly from: Uint32Array;
  readonly to: Uint32Array;
}

/** RangeSeries: one series of a range vector. */
export interface RangeSeries {
  readonly labels: LabelSet;
  readonly dropName: boolean;
  readonly samples: FloatSamples | HistogramColumn;
  readonly windows: Windows;
}

/** RangeVector: a range vector at every time of the grid; window `i` is (`ends[i] - rangeMs`, `ends[i]`]. */
export interface RangeVector {
  readonly series: readonly RangeSeries[];
  readonly ends: Float64Array;
  readonly rangeMs: number;
}

/** floatSeries: an empty series of doubles. */
export function floatSeries(labels: LabelSet, dropName: boolean, count: number): VectorSeries {
  return {
    labels,
    dropName,
    present: new Uint8Array(count),
    values: new Float64Array(count),
    histograms: null,
  };
}

/** histogramSeries: an empty series of histograms. */
export function histogramSeries(
  labels: LabelSet,
  dropName: boolean,
  count: number,
): VectorSeries & { readonly histograms: (Histogram | undefined)[] } {
  return {
    labels,
    dropName,
    present: new Uint8Array(count),
    values: new Float64Array(0),
    histograms: new Array<Histogram | undefined>(count),
  };
}
