import type { Expr, VectorSelector } from './ast.ts';

/** childrenOf: the direct parts of an expression. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'paren':
    case 'subquery':
      return [expr.expr];
    case 'unary':
      return [expr.operand];
    case 'binary':
      return [expr.left, expr.right];
    case 'aggregate':
      return expr.parameter === null ? [expr.expr] : [expr.parameter, expr.expr];
    case 'call':
      return expr.args;
    case 'matrix':
    case 'tick':
      return [expr.selector];
    default:
      return [];
  }
}

/** selectorsOf: every selector of an expression, from left to right. */
export function selectorsOf(expr: Expr): VectorSelector[] {
  if (expr.kind === 'selector') return [expr];
  return childrenOf(expr).flatMap(selectorsOf);
}
