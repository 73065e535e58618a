import type { Binary, Expr, Matching } from './ast.ts';
import { checkBinary, checkUnary } from './check.ts';

/** Item: a piece of a row of operands and operators, in the order of the text. */
export type Item =
  | { readonly kind: 'operand'; readonly expr: Expr }
  | { readonly kind: 'sign'; readonly sign: '+' | '-'; readonly from: number }
  | {
      readonly kind: 'operator';
      readonly op: Binary['op'];
      readonly bool: boolean;
      readonly matching: Matching;
    };

const precedences: Readonly<Record<Binary['op'], number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
};

/**
 * associate: the expression that a row of items stands for. `^` is right associative and binds tighter than a sign,
 * a sign as tight as `*`. The grammar cannot be relied on for this: it reads `a + b offset 5m * c` as
 * `((a + b) offset 5m) * c` and `-1 ^ 2` as `(-1) ^ 2`.
 */
export function associate(query: string, items: readonly Item[]): Expr {
  let at = 0;
  const operand = (): Expr => {
    const item = items[at++]!;
    if (item.kind === 'operand') return item.expr;
    if (item.kind === 'operator') throw new TypeError('an operator stands where an operand is expected');
    const inner = climb(precedences['^']);
    const span = { from: item.from, to: inner.to };
    if (inner.kind === 'number')
      return { ...inner, ...span, value: item.sign === '-' ? -inner.value : inner.value };
    return checkUnary(query, { kind: 'unary', op: item.sign, operand: inner, ...span });
  };
  const climb = (lowest: number): Expr => {
    let left = operand();
    for (;;) {
      const item = items[at];
      if (item?.kind !== 'operator' || precedences[item.op] < lowest) return left;
      at++;
      const right = climb(precedences[item.op] + (item.op === '^' ? 0 : 1));
      const { op, bool, matching } = item;
      left = checkBinary(query, {
        kind: 'binary',
        op,
        left,
        right,
        bool,
        matching,
        from: left.from,
        to: right.to,
      });
    }
  };
  return climb(0);
}
