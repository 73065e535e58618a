import type { RangeReply } from '../../contract.ts';
import { compareNatural, seriesNames } from '../lib/naming.ts';
import type { LineSeries } from '../lib/series.ts';

/** Lines: an answer of lines. */
export type Lines = Extract<RangeReply, { kind: 'lines' }>;

/** Named: a capture's answer and what the capture is called; null where it has none. */
export interface Named {
  readonly alias: string;
  readonly reply: Lines | null;
}

const nothing: LineSeries = { labels: {}, times: new Float64Array(), values: new Float64Array() };

/** seriesOf: the series of an answer by their names, which are the same in every capture. */
function seriesOf(reply: Lines, all: readonly Named[]): Map<string, LineSeries> {
  const labels = all.flatMap((one) => one.reply?.series.map((series) => series.labels) ?? []);
  const names = new Map(seriesNames(labels).map((name, i) => [JSON.stringify(labels[i]), name]));
  return new Map(reply.series.map((series) => [names.get(JSON.stringify(series.labels))!, series]));
}

/** comparableSeries: the names of the series that any capture has, in natural order. */
export function comparableSeries(all: readonly Named[]): string[] {
  const names = all.flatMap(({ reply }) => (reply ? [...seriesOf(reply, all).keys()] : []));
  return [...new Set(names)].sort(compareNatural);
}

/** largestSeries: the name with the largest mean in the first answer that has any. */
export function largestSeries(all: readonly Named[]): string | undefined {
  const first = all.find(({ reply }) => reply !== null && reply.series.length > 0)?.reply;
  if (!first) return undefined;
  const mean = ({ values }: LineSeries) => {
    const finite = values.filter(Number.isFinite);
    return finite.reduce((sum, value) => sum + value, 0) / Math.max(1, finite.length);
  };
  return [...seriesOf(first, all)].reduce((most, one) => (mean(one[1]) > mean(most[1]) ? one : most))[0];
}

/** overlayOf: the series of that name of every capture as one answer, in the order of the captures. */
export function overlayOf(all: readonly Named[], name: string): Lines {
  return {
    kind: 'lines',
    series: all.map(({ alias, reply }) => ({
      ...((reply && seriesOf(reply, all).get(name)) ?? nothing),
      labels: { capture: alias },
    })),
  };
}

/**
 * differencesOf: how far the series of that name lies above the base's, for every other capture, at the times that both
 * have; never interpolated.
 */
export function differencesOf([base, ...others]: readonly Named[], name: string): Lines {
  const all = base ? [base, ...others] : others;
  const from = (base?.reply && seriesOf(base.reply, all).get(name)) ?? nothing;
  return {
    kind: 'lines',
    series: others.map(({ alias, reply }) => ({
      ...difference((reply && seriesOf(reply, all).get(name)) ?? nothing, from),
      labels: { capture: `${alias} − ${base?.alias}` },
    })),
  };
}

/** deviceDifferences: the difference of every series that both answers have, labelled as they are. */
export function deviceDifferences(base: Lines, other: Lines): Lines {
  const known = new Map(base.series.map((series) => [JSON.stringify(series.labels), series]));
  const series = other.series.flatMap((one) => {
    const from = known.get(JSON.stringify(one.labels));
    return from ? [{ ...difference(one, from), labels: one.labels }] : [];
  });
  return { kind: 'lines', series };
}

/** spacingOf: how far apart the points of an answer are at least, `step` where they were not merged. */
export function spacingOf({ series }: Lines, step: number): number {
  const [longest] = series.toSorted((a, b) => b.times.length - a.times.length);
  const gaps = longest
    ? longest.times.subarray(1).map((time, i) => time - longest.times[i]!)
    : new Float64Array();
  return Math.max(step, gaps.length > 0 ? gaps.reduce((least, gap) => Math.min(least, gap)) : 0);
}

/** difference: a - b at the times that both have. */
function difference(a: LineSeries, b: LineSeries): Omit<LineSeries, 'labels'> {
  const times: number[] = [];
  const values: number[] = [];
  for (let i = 0, j = 0; i < a.times.length && j < b.times.length; ) {
    const apart = a.times[i]! - b.times[j]!;
    if (apart === 0) {
      times.push(a.times[i]!);
      values.push(a.values[i]! - b.values[j]!);
    }
    if (apart <= 0) i++;
    if (apart >= 0) j++;
  }
  return { times: Float64Array.from(times), values: Float64Array.from(values) };
}
