import { aggregate } from './aggregate.ts';
import type { Aggregate, Call, Expr, Span, Subquery } from './ast.ts';
import { unparen } from './ast.ts';
import { binary, mapVector } from './binary.ts';
import { typeOf } from './check.ts';
import type { Context } from './context.ts';
import { positiveMs } from './duration.ts';
import { type Argument, callFunction } from './functions/call.ts';
import { columnOf } from './histogram.ts';
import { executionError, limitError } from './position.ts';
import { instantVector, rangeVector, sampleTimes, shiftedTimes, windowsOf } from './select.ts';
import { sumOfRates } from './sum-of-rates.ts';
import { tick } from './tick.ts';
import {
  type Grid,
  makeGrid,
  type RangeSeries,
  type RangeVector,
  type Value,
  type VectorSeries,
  type VectorValue,
} from './values.ts';

/**
 * evaluate: the value of an expression at every time of the grid, children first. Recursion is bounded by the depth
 * that the parser allows. Throws REZ_ERR_QUERY_EXECUTION and REZ_ERR_QUERY_LIMIT.
 */
export function evaluate(context: Context, expr: Expr, grid: Grid): Value {
  switch (expr.kind) {
    case 'number':
      context.budget.allocate(grid.count);
      return { type: 'scalar', values: new Float64Array(grid.count).fill(expr.value) };
    case 'string':
      return { type: 'string', value: expr.value };
    case 'paren':
      return evaluate(context, expr.expr, grid);
    case 'selector':
      return instantVector(context, expr, grid);
    case 'unary': {
      const value = evaluate(context, expr.operand, grid);
      if (expr.op === '+') return value;
      if (value.type === 'scalar') return { type: 'scalar', values: value.values.map((each) => -each) };
      return mapVector(context, value as VectorValue, (each) => -each, -1);
    }
    case 'binary':
      return binary(
        context,
        expr,
        evaluate(context, expr.left, grid),
        evaluate(context, expr.right, grid),
        grid,
      );
    case 'aggregate':
      return cached(context, expr, grid, () => evaluateAggregate(context, expr, grid));
    case 'call':
      return evaluateCall(context, expr, grid);
    case 'tick':
      if (expr.name === 'heatmap') return tick(context, expr, grid);
      return cached(context, expr, grid, () => tick(context, expr, grid) as VectorValue);
    default:
      throw executionError(`an expression of type ${expr.kind} stands where it cannot be evaluated`);
  }
}

/**
 * What dashboards ask again and again, for other charts and other windows with the same parts: aggregations and
 * functions of histograms. Results with annotations are not kept, because those would be lost.
 */
function cached(context: Context, expr: Span, grid: Grid, compute: () => VectorValue): VectorValue {
  const { cache, annotations, query } = context;
  if (cache === null || grid.count < 2) return compute();
  const text = context.text.slice(expr.from, expr.to);
  const whole = /\b(start|end|range|step)\s*\(/.test(text) ? [query.startMs, query.endMs, query.stepMs] : [];
  const key = JSON.stringify([text, grid.startMs, grid.stepMs, grid.count, ...whole]);
  const known = cache.get(key);
  if (known !== undefined) return known;
  const before = annotations.size;
  const value = compute();
  if (annotations.size === before) cache.set(key, value);
  return value;
}

function evaluateAggregate(context: Context, expr: Aggregate, grid: Grid): VectorValue {
  const quick = sumOfRates(context, expr, grid);
  if (quick !== null) return quick;
  const parameter = expr.parameter === null ? null : evaluate(context, expr.parameter, grid);
  return aggregate(context, expr, parameter, evaluate(context, expr.expr, grid) as VectorValue, grid);
}

function evaluateCall(context: Context, call: Call, grid: Grid): Value {
  const first = call.args[0] === undefined ? undefined : unparen(call.args[0]);
  if (call.name === 'timestamp' && first?.kind === 'selector') return sampleTimes(context, first, grid);
  const args = call.args.map(
    (arg): Argument =>
      typeOf(arg) === 'matrix' ? evaluateRange(context, arg, grid) : evaluate(context, arg, grid),
  );
  return callFunction(context, call, args, grid);
}

/** evaluateRange: a range selector or subquery, in parentheses or not. */
export function evaluateRange(context: Context, expr: Expr, grid: Grid): RangeVector {
  const inner = unparen(expr);
  if (inner.kind === 'matrix') return rangeVector(context, inner, grid);
  if (inner.kind === 'subquery') return evaluateSubquery(context, inner, grid);
  throw executionError('expected a range vector');
}

/** A subquery is evaluated once, at multiples of its step that cover the ranges of all times of the grid. */
function evaluateSubquery(context: Context, subquery: Subquery, grid: Grid): RangeVector {
  const ends = shiftedTimes(context, subquery, grid);
  const rangeMs = positiveMs(subquery.range, context.query);
  const inner = subqueryGrid(context, subquery, ends[0]!, ends.at(-1)!);
  if (inner.count === 0) return { series: [], ends, rangeMs };
  const vector = evaluate(context, subquery.expr, inner) as VectorValue;
  const series = vector.series.map((each): RangeSeries => {
    const samples = samplesOf(each, inner);
    context.budget.work(2 * ends.length);
    const windows = windowsOf(samples.times, ends, rangeMs);
    return { labels: each.labels, dropName: each.dropName, samples, windows };
  });
  return { series, ends, rangeMs };
}

/** subqueryGrid: the times at which a subquery evaluates its expression for ranges that end within first..last. */
export function subqueryGrid(
  context: Pick<Context, 'query' | 'settings' | 'budget'>,
  subquery: Subquery,
  firstEndMs: number,
  lastEndMs: number,
): Grid {
  const rangeMs = positiveMs(subquery.range, context.query);
  const { step } = subquery;
  const stepMs = step === null ? context.settings.subqueryStepMs : positiveMs(step, context.query);
  const before = firstEndMs - rangeMs;
  const start = (Math.floor(before / stepMs) + 1) * stepMs;
  const steps = Math.floor((lastEndMs - start) / stepMs) + 1;
  const { maxSubquerySteps } = context.budget.limits;
  if (steps > maxSubquerySteps) throw limitError(`a subquery has more than ${maxSubquerySteps} steps`);
  context.budget.allocate(Math.max(0, steps));
  return makeGrid(start, lastEndMs, stepMs);
}

function samplesOf(series: VectorSeries, grid: Grid): RangeSeries['samples'] {
  const isFull = !series.present.includes(0);
  const keep = (array: Float64Array) => (isFull ? array : array.filter((_, i) => series.present[i] === 1));
  const times = keep(grid.times);
  if (series.histograms === null)
    return { kind: 'float', times, exactTimes: times, values: keep(series.values), base: 0 };
  const states = series.histograms.filter((state) => state !== undefined);
  return columnOf(times, states);
}
