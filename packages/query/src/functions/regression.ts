import { Kahan } from '../kahan.ts';
import { executionError } from '../position.ts';
import type { FloatFunction, FloatWindow } from './window.ts';

/** Line: least squares: slope per second and value at the time of the intercept. */
interface Line {
  readonly slope: number;
  readonly intercept: number;
}

/** Least squares through the samples; Prometheus, promql/functions.go, linearRegression. */
function regression({ exactTimes: times, values, base, from, to }: FloatWindow, interceptMs: number): Line {
  const [sumX, sumY, sumXY, sumXX] = [new Kahan(), new Kahan(), new Kahan(), new Kahan()];
  let isConstant = true;
  for (let i = from; i < to; i++) {
    const [x, y] = [(times[i]! - interceptMs) / 1000, values[i]!];
    if (y !== values[from]!) isConstant = false;
    sumX.add(x);
    sumY.add(y);
    sumXY.add(x * y);
    sumXX.add(x * x);
  }
  if (isConstant) {
    const intercept = values[from]! + base;
    return Number.isFinite(intercept)
      ? { slope: 0, intercept }
      : { slope: Number.NaN, intercept: Number.NaN };
  }
  const count = to - from;
  const covariance = sumXY.total - (sumX.total * sumY.total) / count;
  const variance = sumXX.total - (sumX.total * sumX.total) / count;
  const slope = covariance / variance;
  return { slope, intercept: sumY.total / count - (slope * sumX.total) / count + base };
}

/** Holt's linear smoothing with the factors for level and trend. */
function smooth({ values, base, from, to, args }: FloatWindow): number | undefined {
  const [levelFactor, trendFactor] = [args[0]!, args[1]!];
  for (const [name, factor] of [
    ['smoothing', levelFactor],
    ['trend', trendFactor],
  ] as const)
    if (!(factor > 0 && factor < 1))
      throw executionError(`invalid ${name} factor: expected 0 < f < 1, got ${factor}`);
  if (to - from < 2) return undefined;
  let before = 0;
  let level = values[from]!;
  let trend = values[from + 1]! - level;
  for (let i = from + 1; i < to; i++) {
    if (i > from + 1) trend = trendFactor * (level - before) + (1 - trendFactor) * trend;
    before = level;
    level = levelFactor * values[i]! + (1 - levelFactor) * (level + trend);
  }
  return level + base;
}

/** regressionFunctions: trends of a range of doubles. */
export const regressionFunctions: Readonly<Record<string, FloatFunction>> = {
  deriv: (window) =>
    window.to - window.from < 2 ? undefined : regression(window, window.exactTimes[window.from]!).slope,
  predict_linear(window) {
    if (window.to - window.from < 2) return undefined;
    const { slope, intercept } = regression(window, window.nowMs);
    return slope * window.args[0]! + intercept;
  },
  double_exponential_smoothing: smooth,
};
