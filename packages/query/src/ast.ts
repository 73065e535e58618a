/** Span: where an expression stands in the query, in UTF-16 units. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** ValueType: what an expression evaluates to. `buckets` is the result of histogram_heatmap. */
export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string' | 'array' | 'buckets';

/** MatchOperator: how a label is compared. */
export type MatchOperator = '=' | '!=' | '=~' | '!~';

/** LabelMatcher: one condition of a selector. */
export interface LabelMatcher {
  readonly name: string;
  readonly op: MatchOperator;
  readonly value: string;
}

/** Duration: a length of time in seconds that may depend on step and range of the query. */
export type Duration =
  | { readonly kind: 'number'; readonly value: number }
  | {
      readonly kind: 'call';
      readonly name: 'step' | 'range' | 'min_of' | 'max_of';
      readonly args: Duration[];
    }
  | { readonly kind: 'negate'; readonly operand: Duration }
  | {
      readonly kind: 'binary';
      readonly op: ArithmeticOperator;
      readonly left: Duration;
      readonly right: Duration;
    };

/** At: the time an `@` pins a selector to: seconds since the epoch, or an end of the query. */
export type At = number | 'start' | 'end';

/** Shift: `offset` and `@` of a selector or subquery. */
export interface Shift {
  readonly offset: Duration | null;
  readonly at: At | null;
}

/** ArithmeticOperator: an operator that computes. */
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2';
/** ComparisonOperator: an operator that filters, or gives 0 and 1 with `bool`. */
export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';
/** SetOperator: an operator on the presence of series. */
export type SetOperator = 'and' | 'or' | 'unless';

/** Matching: how the series of both sides of a binary operator are paired. */
export interface Matching {
  readonly on: boolean;
  /** Whether `on` or `ignoring` was written. */
  readonly explicit: boolean;
  readonly labels: readonly string[];
  readonly card: 'one-to-one' | 'many-to-one' | 'one-to-many';
  /** Labels of `group_left` or `group_right`, taken over from the "one" side. */
  readonly include: readonly string[];
}

/** Grouping: `by (…)` or `without (…)` of an aggregation. */
export interface Grouping {
  readonly without: boolean;
  readonly labels: readonly string[];
}

/** AggregateOperator: the aggregations of PromQL. */
export type AggregateOperator =
  | 'sum'
  | 'avg'
  | 'min'
  | 'max'
  | 'count'
  | 'group'
  | 'stddev'
  | 'stdvar'
  | 'topk'
  | 'bottomk'
  | 'quantile'
  | 'count_values'
  | 'limitk'
  | 'limit_ratio';

/** NumberLiteral: a number, also a duration in seconds. */
export interface NumberLiteral extends Span {
  readonly kind: 'number';
  readonly value: number;
}

/** StringLiteral: a string without its quotes and escapes. */
export interface StringLiteral extends Span {
  readonly kind: 'string';
  readonly value: string;
}

/** ArrayLiteral: `[0.5, 0.9]`, the first argument of our histogram_quantiles. */
export interface ArrayLiteral extends Span {
  readonly kind: 'array';
  readonly values: readonly number[];
}

/** VectorSelector: the series that all matchers accept, e.g. `up{job="x"} offset 5m`. */
export interface VectorSelector extends Span, Shift {
  readonly kind: 'selector';
  /** Includes the matcher on `__name__`. */
  readonly matchers: readonly LabelMatcher[];
}

/** MatrixSelector: a selector with a range, `up[5m]`; `offset` and `@` are on the selector. */
export interface MatrixSelector extends Span {
  readonly kind: 'matrix';
  readonly selector: VectorSelector;
  readonly range: Duration;
}

/** Subquery: an expression evaluated at the steps of a range, `expr[5m:10s]`. */
export interface Subquery extends Span, Shift {
  readonly kind: 'subquery';
  readonly expr: Expr;
  readonly range: Duration;
  readonly step: Duration | null;
}

/** Unary: a sign. */
export interface Unary extends Span {
  readonly kind: 'unary';
  readonly op: '+' | '-';
  readonly operand: Expr;
}

/** Paren: an expression in parentheses. */
export interface Paren extends Span {
  readonly kind: 'paren';
  readonly expr: Expr;
}

/** Binary: an operator with two operands. */
export interface Binary extends Span {
  readonly kind: 'binary';
  readonly op: ArithmeticOperator | ComparisonOperator | SetOperator;
  readonly left: Expr;
  readonly right: Expr;
  /** A comparison that yields 0 or 1 instead of filtering. */
  readonly bool: boolean;
  readonly matching: Matching;
}

/** Aggregate: an aggregation; `parameter` is the first argument of those that take two. */
export interface Aggregate extends Span {
  readonly kind: 'aggregate';
  readonly op: AggregateOperator;
  readonly grouping: Grouping;
  readonly parameter: Expr | null;
  readonly expr: Expr;
}

/** Call: a function of PromQL. */
export interface Call extends Span {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Expr[];
}

/** TickCall: one of our functions over the buckets that a histogram gained per step or stride. */
export interface TickCall extends Span {
  readonly kind: 'tick';
  readonly name: 'quantiles' | 'heatmap' | 'mean' | 'sum' | 'count' | 'irate';
  readonly quantiles: readonly number[];
  readonly selector: VectorSelector;
  readonly stride: Duration | null;
  readonly grouping: Grouping;
}

/** Expr: the syntax tree of a query. */
export type Expr =
  | NumberLiteral
  | StringLiteral
  | ArrayLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | Unary
  | Paren
  | Binary
  | Aggregate
  | Call
  | TickCall;

/** unparen: the expression inside any number of parentheses. */
export function unparen(expr: Expr): Expr {
  let inner = expr;
  while (inner.kind === 'paren') inner = inner.expr;
  return inner;
}
