import type {
  Aggregate,
  AggregateOperator,
  Binary,
  Call,
  Expr,
  Grouping,
  Span,
  Unary,
  ValueType,
  VectorSelector,
} from './ast.ts';
import { compileMatchers } from './matchers.ts';
import { parseError, unsupported } from './position.ts';
import { RegexError } from './regex/parse.ts';
import { signatures } from './signatures.ts';

const typeNames: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar',
  vector: 'instant vector',
  matrix: 'range vector',
  string: 'string',
  array: 'array',
  buckets: 'heatmap',
};

/** setOperators: and, or, unless. */
export const setOperators: ReadonlySet<string> = new Set(['and', 'or', 'unless']);
/** comparisonOperators: the operators that filter. */
export const comparisonOperators: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);

/** typeOf: the type of an expression; needs no data. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar';
    case 'string':
    case 'array':
      return expr.kind;
    case 'selector':
    case 'aggregate':
      return 'vector';
    case 'matrix':
    case 'subquery':
      return 'matrix';
    case 'paren':
      return typeOf(expr.expr);
    case 'unary':
      return typeOf(expr.operand);
    case 'binary':
      return typeOf(expr.left) === 'scalar' && typeOf(expr.right) === 'scalar' ? 'scalar' : 'vector';
    case 'call':
      return signatures.get(expr.name)!.returns;
    case 'tick':
      return expr.name === 'heatmap' ? 'buckets' : 'vector';
  }
}

function expectType(query: string, expr: Expr, type: ValueType, where: string): void {
  const found = typeOf(expr);
  if (found === type) return;
  if (found === 'buckets')
    throw unsupported(query, expr.from, 'histogram_heatmap inside of another expression');
  throw parseError(query, expr.from, `expected type ${typeNames[type]} in ${where}, got ${typeNames[found]}`);
}

/** checkSelector: refuses selectors that match everything, and bad regular expressions. */
export function checkSelector(query: string, selector: VectorSelector): VectorSelector {
  try {
    const tests = compileMatchers(selector.matchers);
    if (tests.every(({ test }) => test('')))
      throw parseError(
        query,
        selector.from,
        'a selector needs a matcher that does not match the empty string',
      );
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    if (error.unsupported) throw unsupported(query, selector.from, error.message);
    throw parseError(query, selector.from, `bad regular expression: ${error.message}`);
  }
  return selector;
}

/** checkUnary: signs stand before scalars and instant vectors. */
export function checkUnary(query: string, expr: Unary): Unary {
  if (typeOf(expr.operand) !== 'scalar') expectType(query, expr.operand, 'vector', 'unary expression');
  return expr;
}

/** checkBinary: operand types, `bool`, and matching clauses. */
export function checkBinary(query: string, expr: Binary): Binary {
  const { op, left, right, matching } = expr;
  const fail = (message: string) => parseError(query, expr.from, message);
  const scalars = [left, right].filter((side) => typeOf(side) === 'scalar').length;
  for (const side of [left, right])
    if (typeOf(side) !== 'scalar') expectType(query, side, 'vector', `binary expression with ${op}`);
  const isComparison = comparisonOperators.has(op);
  if (expr.bool && !isComparison) throw fail('bool stands only after a comparison');
  if (scalars === 2 && isComparison && !expr.bool)
    throw fail('comparisons between scalars need the bool modifier');
  if (setOperators.has(op)) {
    if (scalars > 0) throw fail(`set operator "${op}" is not allowed with a scalar`);
    if (matching.card !== 'one-to-one') throw fail(`no grouping allowed for "${op}"`);
  }
  if (matching.explicit && scalars > 0) throw fail('vector matching is only allowed between instant vectors');
  const both = matching.on ? matching.include.find((label) => matching.labels.includes(label)) : undefined;
  if (both !== undefined) throw fail(`label "${both}" must not occur in on and group clause at once`);
  return expr;
}

const parameterTypes: Partial<Record<AggregateOperator, ValueType>> = {
  topk: 'scalar',
  bottomk: 'scalar',
  limitk: 'scalar',
  limit_ratio: 'scalar',
  quantile: 'scalar',
  count_values: 'string',
};

/** checkAggregate: an aggregation of its arguments. */
export function checkAggregate(
  query: string,
  span: Span,
  op: AggregateOperator,
  grouping: Grouping,
  args: readonly Expr[],
): Aggregate {
  const type = parameterTypes[op];
  const expected = type === undefined ? 1 : 2;
  if (args.length !== expected)
    throw parseError(query, span.from, `${op} takes ${expected} argument(s), got ${args.length}`);
  const expr = args.at(-1)!;
  const parameter = type === undefined ? null : args[0]!;
  if (type !== undefined) expectType(query, args[0]!, type, `parameter of ${op}`);
  expectType(query, expr, 'vector', `aggregation ${op}`);
  return { kind: 'aggregate', op, grouping, parameter, expr, from: span.from, to: span.to };
}

/** checkCall: number and types of the arguments of a function. */
export function checkCall(query: string, call: Call): Call {
  const shape = signatures.get(call.name);
  if (shape === undefined) throw parseError(query, call.from, `unknown function "${call.name}"`);
  const most = shape.optional < 0 ? Number.POSITIVE_INFINITY : shape.args.length;
  const least = shape.args.length - Math.abs(shape.optional);
  if (call.args.length < least || call.args.length > most) {
    const amount =
      least === most ? `${least}` : Number.isFinite(most) ? `${least} to ${most}` : `${least} or more`;
    throw parseError(query, call.from, `${call.name} takes ${amount} argument(s), got ${call.args.length}`);
  }
  call.args.forEach((arg, i) => {
    expectType(query, arg, shape.args[i] ?? shape.args.at(-1)!, `call to function "${call.name}"`);
  });
  return call;
}
