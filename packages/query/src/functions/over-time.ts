import { Accumulator, type Histogram, statesAt } from '../histogram.ts';
import { Kahan, Mean, quantileOf } from '../kahan.ts';
import type { HistogramFunction } from './rate.ts';
import type { FloatFunction, FloatWindow } from './window.ts';

function best(window: FloatWindow, better: (value: number, than: number) => boolean): number {
  let index = window.from;
  for (let i = window.from + 1; i < window.to; i++) {
    const value = window.values[i]!;
    if (better(value, window.values[index]!) || Number.isNaN(window.values[index]!)) index = i;
  }
  return index;
}

const valueAt = (window: FloatWindow, index: number) => window.values[index]! + window.base;
const secondsAt = (window: FloatWindow, index: number) => window.times[index]! / 1000;

function variance({ values, from, to }: FloatWindow): number {
  const mean = new Kahan();
  const squares = new Kahan();
  for (let i = from; i < to; i++) {
    const delta = values[i]! - mean.total;
    mean.add(delta / (i - from + 1));
    squares.add(delta * (values[i]! - mean.total));
  }
  return squares.total / (to - from);
}

function count(window: FloatWindow, counts: (value: number, before: number) => boolean): number {
  let counted = 0;
  for (let i = window.from + 1; i < window.to; i++)
    if (counts(window.values[i]!, window.values[i - 1]!)) counted++;
  return counted;
}

function copy({ values, base, from, to }: FloatWindow): Float64Array {
  const values2 = values.slice(from, to);
  return base === 0 ? values2 : values2.map((value) => value + base);
}

/** overTimeFunctions: a range of doubles to one. */
export const overTimeFunctions: Readonly<Record<string, FloatFunction>> = {
  avg_over_time(window) {
    const mean = new Mean();
    for (let i = window.from; i < window.to; i++) mean.add(window.values[i]!);
    return mean.value + window.base;
  },
  sum_over_time(window) {
    const sum = new Kahan();
    for (let i = window.from; i < window.to; i++) sum.add(valueAt(window, i));
    return sum.total;
  },
  min_over_time: (window) =>
    valueAt(
      window,
      best(window, (value, than) => value < than),
    ),
  max_over_time: (window) =>
    valueAt(
      window,
      best(window, (value, than) => value > than),
    ),
  ts_of_min_over_time: (window) =>
    secondsAt(
      window,
      best(window, (value, than) => value <= than),
    ),
  ts_of_max_over_time: (window) =>
    secondsAt(
      window,
      best(window, (value, than) => value >= than),
    ),
  stdvar_over_time: variance,
  stddev_over_time: (window) => Math.sqrt(variance(window)),
  quantile_over_time: (window) => quantileOf(window.args[0]!, copy(window)),
  mad_over_time(window) {
    const values = copy(window);
    if (values.some(Number.isNaN)) return Number.NaN;
    const median = quantileOf(0.5, values);
    return quantileOf(
      0.5,
      values.map((value) => Math.abs(value - median)),
    );
  },
  changes: (window) =>
    count(window, (value, before) => value !== before && !(Number.isNaN(value) && Number.isNaN(before))),
  resets: (window) => count(window, (value, before) => value < before),
};

/** samplingFunctions: functions that look at samples but not into them: they take histograms, too. */
export const samplingFunctions: Readonly<Record<string, FloatFunction>> = {
  count_over_time: (window) => window.to - window.from,
  present_over_time: () => 1,
  ts_of_first_over_time: (window) => secondsAt(window, window.from),
  ts_of_last_over_time: (window) => secondsAt(window, window.to - 1),
};

/** endFunctions: functions that give one of the samples back, and so keep the metric name. */
export const endFunctions: Readonly<Record<string, FloatFunction>> = {
  first_over_time: (window) => valueAt(window, window.from),
  last_over_time: (window) => valueAt(window, window.to - 1),
};

function histogramSum(average: boolean): HistogramFunction {
  return (column, { from, to }, { ends }) => {
    const states = statesAt(
      column,
      Array.from(column.times, (_, row) => row),
    );
    const accumulator = new Accumulator(column.config);
    return Array.from(ends, (_, i): Histogram | undefined => {
      const [first, end] = [from[i]!, to[i]!];
      if (end === first) return undefined;
      accumulator.clear();
      for (let row = first; row < end; row++) accumulator.addHistogram(states[row]!, 1);
      return accumulator.snapshot(average ? 1 / (end - first) : 1);
    });
  };
}

/** overTimeHistogramFunctions: a range of histograms to one. */
export const overTimeHistogramFunctions: Readonly<Record<string, HistogramFunction>> = {
  sum_over_time: histogramSum(false),
  avg_over_time: histogramSum(true),
  first_over_time: (column, { from, to }) =>
    statesAt(
      column,
      Array.from(from, (first, i) => (to[i]! > first ? first : -1)),
    ),
  last_over_time: (column, { from, to }) =>
    statesAt(
      column,
      Array.from(to, (end, i) => (end > from[i]! ? end - 1 : -1)),
    ),
};
