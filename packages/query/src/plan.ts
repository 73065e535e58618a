import type { Expr, Subquery, VectorSelector } from './ast.ts';
import type { Context } from './context.ts';
import { durationMs, positiveMs } from './duration.ts';
import { subqueryGrid } from './evaluate.ts';
import { shiftedTimes } from './select.ts';
import { type Grid, makeGrid } from './values.ts';

/** PlannedSelector: a selector and the time its samples are needed for, ms. */
export interface PlannedSelector {
  readonly selector: VectorSelector;
  readonly startMs: number;
  readonly endMs: number;
}

type PlanContext = Pick<Context, 'query' | 'settings' | 'budget' | 'intervalMs'>;

/** plan: every selector of an expression that is evaluated on `grid`. */
export function plan(context: PlanContext, expr: Expr, grid: Grid): PlannedSelector[] {
  const planned: PlannedSelector[] = [];
  const add = (selector: VectorSelector, within: Grid, beforeMs: number) => {
    const ends = shiftedTimes(context, selector, edges(within));
    planned.push({ selector, startMs: ends[0]! - beforeMs, endMs: ends.at(-1)! });
  };
  const visit = (node: Expr, within: Grid): void => {
    if (within.count === 0) return;
    switch (node.kind) {
      case 'selector':
        add(node, within, context.settings.lookbackMs);
        break;
      case 'matrix':
        add(node.selector, within, positiveMs(node.range, context.query));
        break;
      case 'tick': {
        const stride = node.stride === null ? within.stepMs : durationMs(node.stride, context.query);
        // One row more: the gain of the first row is counted from the one before it.
        const width = Math.max(stride, context.intervalMs);
        add(node.selector, within, width + 2 * context.settings.lookbackMs);
        break;
      }
      case 'subquery':
        visit(node.expr, innerGrid(node, within));
        break;
      case 'paren':
        visit(node.expr, within);
        break;
      case 'unary':
        visit(node.operand, within);
        break;
      case 'binary':
        visit(node.left, within);
        visit(node.right, within);
        break;
      case 'aggregate':
        if (node.parameter !== null) visit(node.parameter, within);
        visit(node.expr, within);
        break;
      case 'call':
        for (const arg of node.args) visit(arg, within);
    }
  };
  const innerGrid = (subquery: Subquery, within: Grid): Grid => {
    const ends = shiftedTimes(context, subquery, edges(within));
    return subqueryGrid(context, subquery, ends[0]!, ends.at(-1)!);
  };
  visit(expr, grid);
  return planned;
}

/** The first and the last time of a grid. */
function edges({ startMs, stepMs, count, times }: Grid): Grid {
  return ends({ startMs, endMs: times[count - 1]!, stepMs });
}

/** ends: a grid of just the first and the last time, which is all that planning looks at. */
export function ends({ startMs, endMs, stepMs }: { startMs: number; endMs: number; stepMs: number }): Grid {
  return { ...makeGrid(startMs, endMs, endMs - startMs), stepMs };
}
