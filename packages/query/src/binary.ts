import type { ArithmeticOperator, Binary, ComparisonOperator } from './ast.ts';
import { comparisonOperators, setOperators } from './check.ts';
import type { Context } from './context.ts';
import { arithmetic } from './duration.ts';
import { Accumulator, commonConfig, type Histogram } from './histogram.ts';
import { Claims, matchSeries } from './matching.ts';
import { setOperation } from './sets.ts';
import {
  floatSeries,
  type Grid,
  histogramSeries,
  type ScalarValue,
  type Value,
  type VectorSeries,
  type VectorValue,
} from './values.ts';

function compare(op: ComparisonOperator, a: number, b: number): boolean {
  switch (op) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

function isComparison(op: Binary['op']): op is ComparisonOperator {
  return comparisonOperators.has(op);
}

/** binary: an operator on evaluated operands. */
export function binary(context: Context, expr: Binary, left: Value, right: Value, grid: Grid): Value {
  if (left.type === 'scalar' && right.type === 'scalar') return ofScalars(expr, left, right);
  if (left.type === 'vector' && right.type === 'scalar') return withScalar(context, expr, left, right, false);
  if (left.type === 'scalar' && right.type === 'vector') return withScalar(context, expr, right, left, true);
  const [a, b] = [left as VectorValue, right as VectorValue];
  if (setOperators.has(expr.op)) return setOperation(context, expr, a, b, grid);
  return ofVectors(context, expr, a, b, grid);
}

function ofScalars({ op }: Binary, left: ScalarValue, right: ScalarValue): ScalarValue {
  const values = left.values.map((a, i) => {
    const b = right.values[i]!;
    return isComparison(op) ? Number(compare(op, a, b)) : arithmetic(op as ArithmeticOperator, a, b);
  });
  return { type: 'scalar', values };
}

/** mapVector: every double through `map`, every histogram times `factor`; the metric name goes. */
export function mapVector(
  context: Context,
  vector: VectorValue,
  map: (value: number) => number,
  factor: number,
): VectorValue {
  const series = vector.series.map((each): VectorSeries => {
    context.budget.allocate(each.present.length);
    if (each.histograms !== null) {
      const histograms = each.histograms.map((one) => one && scaled(one, factor));
      return { ...each, dropName: true, histograms };
    }
    return { ...each, dropName: true, values: each.values.map(map) };
  });
  return { type: 'vector', series };
}

function scaled(histogram: Histogram, factor: number): Histogram {
  return { ...histogram, counts: histogram.counts.map((count) => count * factor) };
}

function withScalar(
  context: Context,
  expr: Binary,
  vector: VectorValue,
  scalar: ScalarValue,
  swapped: boolean,
): VectorValue {
  const { op } = expr;
  const filters = isComparison(op) && !expr.bool;
  const series: VectorSeries[] = [];
  for (const each of vector.series) {
    const count = each.present.length;
    context.budget.allocate(count);
    const dropName = each.dropName || !filters;
    if (each.histograms !== null) {
      const isScaling = op === '*' || (op === '/' && !swapped);
      if (isScaling) series.push(scaleSeries(each, scalar.values, op));
      else if (op !== '==' && op !== '!=')
        context.annotations.info(`incompatible types encountered for binary operator "${op}"`, expr);
      continue;
    }
    const result = floatSeries(each.labels, dropName, count);
    for (let i = 0; i < count; i++) {
      if (each.present[i] === 0) continue;
      const value = each.values[i]!;
      const [a, b] = swapped ? [scalar.values[i]!, value] : [value, scalar.values[i]!];
      if (isComparison(op)) {
        const holds = compare(op, a, b);
        if (filters && !holds) continue;
        result.values[i] = filters ? value : Number(holds);
      } else result.values[i] = arithmetic(op as ArithmeticOperator, a, b);
      result.present[i] = 1;
    }
    series.push(result);
  }
  return { type: 'vector', series };
}

function scaleSeries(series: VectorSeries, factors: Float64Array, op: '*' | '/'): VectorSeries {
  const histograms = series.histograms!.map(
    (each, i) => each && scaled(each, op === '*' ? factors[i]! : 1 / factors[i]!),
  );
  return { ...series, dropName: true, histograms };
}

function ofVectors(
  context: Context,
  expr: Binary,
  left: VectorValue,
  right: VectorValue,
  grid: Grid,
): VectorValue {
  const { op, bool } = expr;
  const swapped = expr.matching.card === 'one-to-many';
  const pairs = matchSeries(context, expr, left, right, grid);
  const claims = new Claims(expr.matching);
  const series = pairs.map((pair): VectorSeries => {
    const { many, one, labels, dropName, rows } = pair;
    context.budget.allocate(grid.count);
    const [a, b] = swapped ? [one, many] : [many, one];
    if (a.histograms !== null || b.histograms !== null) {
      claims.add(pair, rows);
      return histogramPair(context, expr, a, b, labels, dropName, rows);
    }
    const result = floatSeries(labels, dropName, grid.count);
    for (let i = 0; i < grid.count; i++) {
      if (rows[i] === 0) continue;
      const [x, y] = [a.values[i]!, b.values[i]!];
      if (!isComparison(op)) result.values[i] = arithmetic(op as ArithmeticOperator, x, y);
      else {
        const holds = compare(op, x, y);
        if (!bool && !holds) continue;
        result.values[i] = bool ? Number(holds) : x;
      }
      result.present[i] = 1;
    }
    claims.add(pair, result.present);
    return result;
  });
  return { type: 'vector', series: series.filter((each) => each.present.includes(1)) };
}

/** Histograms can be added and subtracted, and multiplied with a double; anything else is left out. */
function histogramPair(
  context: Context,
  { op, ...span }: Binary,
  a: VectorSeries,
  b: VectorSeries,
  labels: VectorSeries['labels'],
  dropName: boolean,
  rows: Uint8Array,
): VectorSeries {
  const result = histogramSeries(labels, dropName, rows.length);
  const combine = (i: number): Histogram | undefined => {
    const [x, y] = [a.histograms?.[i], b.histograms?.[i]];
    if (x && y && (op === '+' || op === '-')) {
      const sum = new Accumulator(commonConfig(x.config, y.config));
      sum.addHistogram(x, 1);
      sum.addHistogram(y, op === '+' ? 1 : -1);
      return sum.snapshot();
    }
    if (x && !y && op === '*') return scaled(x, b.values[i]!);
    if (x && !y && op === '/') return scaled(x, 1 / b.values[i]!);
    if (y && !x && op === '*') return scaled(y, a.values[i]!);
    return undefined;
  };
  for (let i = 0; i < rows.length; i++) {
    if (rows[i] === 0) continue;
    const histogram = combine(i);
    if (histogram === undefined) {
      context.annotations.info(`incompatible types encountered for binary operator "${op}"`, span);
      break;
    }
    result.present[i] = 1;
    result.histograms[i] = histogram;
  }
  return result;
}
