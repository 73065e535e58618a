import { bucketBounds, bucketLower } from '@rezolus/core/histogram';
import type { Answer, BucketsResult, HistogramSample, QueryResult, SeriesResult } from '@rezolus/query';

/** formatValue: a double as Prometheus writes it in JSON strings. */
export function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

/** seconds: a time in ms as Prometheus writes it: seconds with at most three decimals. */
const seconds = (ms: number) => String(Math.round(ms) / 1000);

const sample = (ms: number, value: number) => `[${seconds(ms)},"${formatValue(value)}"]`;

/**
 * formatAnswer: the body of an answer of `query` and `query_range`. Written piece by piece: an answer may have a
 * million values. histogram_heatmap, which Prometheus does not have, goes out as one native histogram per column.
 */
export function formatAnswer({ result, warnings, infos }: Answer): string {
  const notes = [
    ...(warnings.length > 0 ? [`,"warnings":${JSON.stringify(warnings)}`] : []),
    ...(infos.length > 0 ? [`,"infos":${JSON.stringify(infos)}`] : []),
  ];
  const [type, data] = formatResult(result);
  return `{"status":"success","data":{"resultType":"${type}","result":${data}}${notes.join('')}}`;
}

function formatResult(result: QueryResult): [type: string, json: string] {
  switch (result.kind) {
    case 'matrix':
      return ['matrix', `[${result.series.map(formatSeries).join(',')}]`];
    case 'vector':
      return ['vector', `[${result.samples.map((one) => formatSample(result.timeMs, one)).join(',')}]`];
    case 'scalar':
      return ['scalar', sample(result.timeMs, result.value)];
    case 'string':
      return ['string', `[${seconds(result.timeMs)},${JSON.stringify(result.value)}]`];
    case 'buckets':
      return ['matrix', formatBuckets(result)];
  }
}

function formatSeries({ labels, times, values, histograms }: SeriesResult): string {
  const metric = `{"metric":${JSON.stringify(labels)}`;
  if (histograms !== undefined) {
    const states = histograms.map((state, i) => `[${seconds(times[i]!)},${formatHistogram(state)}]`);
    return `${metric},"histograms":[${states.join(',')}]}`;
  }
  const samples = new Array<string>(times.length);
  for (let i = 0; i < times.length; i++) samples[i] = sample(times[i]!, values[i]!);
  return `${metric},"values":[${samples.join(',')}]}`;
}

function formatSample(
  timeMs: number,
  {
    labels,
    value,
    histogram,
  }: { labels: Readonly<Record<string, string>>; value: number; histogram?: HistogramSample },
): string {
  const metric = `{"metric":${JSON.stringify(labels)}`;
  return histogram === undefined
    ? `${metric},"value":${sample(timeMs, value)}}`
    : `${metric},"histogram":[${seconds(timeMs)},${formatHistogram(histogram)}]}`;
}

/** Boundary rule of Prometheus: 1 = the lower end belongs to the bucket, the upper one does not. */
const bucket = (lower: number, upper: number, count: number) =>
  `[1,"${formatValue(lower)}","${formatValue(upper)}","${formatValue(count)}"]`;

const histogramJson = (count: number, sum: number, buckets: readonly string[]) =>
  `{"count":"${formatValue(count)}","sum":"${formatValue(sum)}","buckets":[${buckets.join(',')}]}`;

function formatHistogram({ count, sum, histogram: { config, buckets, counts } }: HistogramSample): string {
  const ends = bucketBounds(config);
  const all = Array.from(buckets, (index, i) =>
    bucket(Number(bucketLower(index, config)), ends[index]!, counts[i]!),
  );
  return histogramJson(count, sum, all);
}

/** formatBuckets: the columns of a heatmap as native histograms; sums take each bucket at its middle. */
function formatBuckets({ times, bounds, columns, rows, counts }: BucketsResult): string {
  const states: string[] = [];
  for (let i = 0; i < counts.length; ) {
    const column = columns[i]!;
    const buckets: string[] = [];
    let count = 0;
    let sum = 0;
    for (; i < counts.length && columns[i] === column; i++) {
      const upper = bounds[rows[i]!]!;
      const lower = lowerEnd(bounds, rows[i]!);
      count += counts[i]!;
      sum += (counts[i]! * (lower + upper)) / 2;
      buckets.push(bucket(lower, upper, counts[i]!));
    }
    states.push(`[${seconds(times[column]!)},${histogramJson(count, sum, buckets)}]`);
  }
  return states.length === 0 ? '[]' : `[{"metric":{},"histograms":[${states.join(',')}]}]`;
}

/** lowerEnd: where a row begins: at the end of the row before, and the lowest as if it were as wide as the next. */
function lowerEnd(bounds: Float64Array, row: number): number {
  if (row > 0) return bounds[row - 1]!;
  const width = bounds.length > 1 ? bounds[1]! - bounds[0]! : 1;
  return Math.max(0, bounds[0]! - width);
}
