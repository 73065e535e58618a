import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import type {
  AggregateOperator,
  At,
  Binary,
  Duration,
  Expr,
  Grouping,
  LabelMatcher,
  Matching,
  MatchOperator,
  Span,
  VectorSelector,
} from './ast.ts';
import { unparen } from './ast.ts';
import { checkAggregate, checkCall, checkSelector, typeOf } from './check.ts';
import { parseNumber } from './duration.ts';
import { type Desugared, desugar, tickFunctions } from './extensions.ts';
import { nameLabel } from './labels.ts';
import { limitError, parseError, unsupported } from './position.ts';
import { associate, type Item } from './precedence.ts';
import { missingFunctions, signatures } from './signatures.ts';
import { unquote } from './strings.ts';

const maxLength = 65_536;
const maxDepth = 400;

/**
 * parse: the syntax tree of a PromQL expression, types checked. Throws REZ_ERR_QUERY_PARSE with `line:column`,
 * REZ_ERR_QUERY_UNSUPPORTED for experimental parts of the grammar, REZ_ERR_QUERY_LIMIT above 64 Ki characters, 200 nested
 * brackets or 400 levels of the tree.
 */
export function parse(query: string): Expr {
  if (query.length > maxLength) throw limitError(`the query has more than ${maxLength} characters`);
  const desugared = desugar(query);
  const tree = parser.parse(desugared.text);
  const cursor = tree.cursor();
  do {
    if (cursor.type.isError) throw syntaxError(query, cursor.from);
  } while (cursor.next());
  return new Builder(query, desugared).expr(children(tree.topNode)[0]!);
}

function syntaxError(query: string, offset: number): Error {
  const rest = /^(?:\s|#[^\n]*)*/.exec(query.slice(offset))!;
  const at = offset + rest[0].length;
  const found = /^(?:[A-Za-z0-9_:.]+|[\s\S])/.exec(query.slice(at))?.[0];
  if (found === undefined) return parseError(query, query.length, 'unexpected end of query');
  const called = found === '(' ? /([A-Za-z_][A-Za-z0-9_]*)\s*$/.exec(query.slice(0, at))?.[1] : undefined;
  if (called !== undefined && !signatures.has(called))
    return parseError(query, at, `unknown function "${called}"`);
  return parseError(query, at, `unexpected ${JSON.stringify(found)}`);
}

function children(node: SyntaxNode): SyntaxNode[] {
  const list: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling)
    if (child.name !== 'LineComment') list.push(child);
  return list;
}

function spanOf(node: SyntaxNode): Span {
  return { from: node.from, to: node.to };
}

class Builder {
  readonly #query: string;
  readonly #desugared: Desugared;
  #depth = 0;

  constructor(query: string, desugared: Desugared) {
    this.#query = query;
    this.#desugared = desugared;
  }

  expr(node: SyntaxNode): Expr {
    this.#enter();
    const expr = this.#build(node);
    this.#depth--;
    return expr;
  }

  #enter(): void {
    if (++this.#depth > maxDepth) throw limitError(`the query is nested deeper than ${maxDepth} levels`);
  }

  #build(node: SyntaxNode): Expr {
    const span = spanOf(node);
    const parts = children(node);
    switch (node.name) {
      case 'StringLiteral': {
        const values = this.#desugared.arrays.get(node.from);
        if (values !== undefined) return { kind: 'array', values, ...span };
        return { kind: 'string', value: this.#string(node), ...span };
      }
      case 'ParenExpr':
        return { kind: 'paren', expr: this.expr(parts[0]!), ...span };
      case 'VectorSelector':
        return this.#selector(span, parts);
      case 'NumberDurationLiteral':
      case 'MatrixSelector':
      case 'SubqueryExpr':
      case 'OffsetExpr':
      case 'StepInvariantExpr':
      case 'UnaryExpr':
      case 'BinaryExpr':
        return associate(this.#query, this.#row(node));
      case 'AggregateExpr':
        return this.#aggregate(span, parts);
      case 'FunctionCall':
        return this.#call(span, this.#text(parts[0]!), this.#args(parts[1]!));
      default:
        throw unsupported(this.#query, node.from, node.name);
    }
  }

  /** The operands and operators below a node that no parentheses hold together. */
  #row(node: SyntaxNode): Item[] {
    this.#enter();
    const items = this.#items(node, children(node));
    this.#depth--;
    return items;
  }

  #items(node: SyntaxNode, parts: SyntaxNode[]): Item[] {
    switch (node.name) {
      case 'NumberDurationLiteral': {
        const value = this.#number(node);
        const sign = this.#query[node.from];
        const isSigned = sign === '-' || sign === '+';
        const literal = { kind: 'number', value: sign === '-' ? -value : value, ...spanOf(node) } as const;
        const operand = { kind: 'operand', expr: literal } as const;
        return isSigned ? [{ kind: 'sign', sign, from: node.from }, operand] : [operand];
      }
      case 'UnaryExpr':
        return [
          { kind: 'sign', sign: this.#text(parts[0]!) as '+' | '-', from: node.from },
          ...this.#row(parts[1]!),
        ];
      case 'BinaryExpr':
        return [...this.#row(parts[0]!), this.#operator(parts), ...this.#row(parts.at(-1)!)];
      case 'MatrixSelector':
      case 'SubqueryExpr':
      case 'OffsetExpr':
      case 'StepInvariantExpr': {
        const items = this.#row(parts[0]!);
        const last = items.pop();
        if (last?.kind !== 'operand') throw this.#error(node, 'a selector is missing');
        return [...items, { kind: 'operand', expr: this.#postfix(node, parts, last.expr) }];
      }
      default:
        return [{ kind: 'operand', expr: this.expr(node) }];
    }
  }

  #postfix(node: SyntaxNode, parts: SyntaxNode[], inner: Expr): Expr {
    const span = { from: inner.from, to: node.to };
    switch (node.name) {
      case 'OffsetExpr':
        return this.#shift(node, inner, { offset: this.#duration(parts[2]!) });
      case 'StepInvariantExpr':
        return this.#shift(node, inner, { at: this.#at(parts[2]!) });
      case 'SubqueryExpr': {
        if (typeOf(inner) !== 'vector') throw this.#error(node, 'a subquery needs an instant vector');
        const range = this.#duration(parts[1]!);
        const step = parts[2] === undefined ? null : this.#duration(parts[2]);
        return { kind: 'subquery', expr: inner, range, step, offset: null, at: null, ...span };
      }
      default:
        if (inner.kind !== 'selector') throw this.#error(node, 'a range needs a selector before it');
        if (inner.offset !== null || inner.at !== null)
          throw this.#error(node, 'offset and @ stand after the range');
        return { kind: 'matrix', selector: inner, range: this.#duration(parts[1]!), ...span };
    }
  }

  #selector(span: Span, parts: SyntaxNode[]): VectorSelector {
    const matchers: LabelMatcher[] = [];
    const setName = (node: SyntaxNode, name: string) => {
      if (matchers.some((matcher) => matcher.name === nameLabel))
        throw this.#error(node, 'the metric name is given twice');
      matchers.push({ name: nameLabel, op: '=', value: name });
    };
    for (const part of parts) {
      if (part.name === 'Identifier') setName(part, this.#text(part));
      else
        for (const matcher of children(part)) {
          if (matcher.name === 'QuotedLabelName') setName(matcher, this.#labelName(matcher));
          else {
            const [label, op, value] = children(matcher);
            const name = this.#labelName(label!);
            if (name === nameLabel && parts[0]?.name === 'Identifier')
              throw this.#error(matcher, 'the metric name is given twice');
            matchers.push({ name, op: this.#text(op!) as MatchOperator, value: this.#string(value!) });
          }
        }
    }
    return checkSelector(this.#query, { kind: 'selector', matchers, offset: null, at: null, ...span });
  }

  #shift(node: SyntaxNode, expr: Expr, by: { offset: Duration } | { at: At }): Expr {
    const span = { to: node.to };
    if (expr.kind === 'matrix')
      return { ...expr, selector: this.#shift(node, expr.selector, by) as VectorSelector, ...span };
    const word = 'at' in by ? '@' : 'offset';
    if (expr.kind !== 'selector' && expr.kind !== 'subquery')
      throw this.#error(node, `${word} needs a selector or a subquery before it`);
    if (('at' in by ? expr.at : expr.offset) !== null) throw this.#error(node, `${word} is given twice`);
    return { ...expr, ...by, ...span };
  }

  #at(node: SyntaxNode): At {
    if (node.name === 'AtModifierPreprocessors')
      return this.#text(node).toLowerCase() === 'start' ? 'start' : 'end';
    const value = this.#number(node);
    if (!(Math.abs(value) < 9e12)) throw this.#error(node, 'the time after @ is out of bounds');
    return value;
  }

  #operator(parts: SyntaxNode[]): Item {
    const op = this.#text(parts[1]!).toLowerCase() as Binary['op'];
    if (parts[1]!.name === 'TrimUpper' || parts[1]!.name === 'TrimLower')
      throw unsupported(this.#query, parts[1]!.from, `the operator ${op}`);
    let bool = false;
    let matching: Matching = { on: false, explicit: false, labels: [], card: 'one-to-one', include: [] };
    for (const modifier of parts.slice(2, -1)) {
      if (modifier.name === 'BoolModifier') bool = true;
      else if (modifier.name === 'MatchingModifierClause') matching = this.#matching(modifier);
      else throw unsupported(this.#query, modifier.from, 'fill');
    }
    return { kind: 'operator', op, bool, matching };
  }

  #matching(node: SyntaxNode): Matching {
    const parts = children(node);
    const group = parts[2]?.name;
    return {
      on: parts[0]!.name === 'On',
      explicit: true,
      labels: this.#labels(parts[1]!),
      card: group === 'GroupLeft' ? 'many-to-one' : group === 'GroupRight' ? 'one-to-many' : 'one-to-one',
      include: parts[3] === undefined ? [] : this.#labels(parts[3]),
    };
  }

  #aggregate(span: Span, parts: SyntaxNode[]): Expr {
    const body = parts.find((part) => part.name === 'FunctionCallBody')!;
    const modifier = parts.find((part) => part.name === 'AggregateModifier');
    const args = this.#args(body);
    const grouping: Grouping = { without: false, labels: [] };
    if (modifier !== undefined) {
      const [word, labels] = children(modifier);
      Object.assign(grouping, { without: word!.name === 'Without', labels: this.#labels(labels!) });
    }
    const called = this.#desugared.calls.get(span.from);
    if (called !== undefined) {
      const tick = this.#tick(span, called, args, grouping, modifier !== undefined);
      return tick ?? this.#call(span, called, args);
    }
    const op = this.#text(parts[0]!).toLowerCase() as AggregateOperator;
    const inner = args.length === 1 ? unparen(args[0]!) : undefined;
    const ungrouped = inner?.kind === 'tick' && !inner.grouping.without && inner.grouping.labels.length === 0;
    // The sum of means is no mean: histograms are merged per group of the sum.
    if (op === 'sum' && ungrouped && inner.name !== 'quantiles' && inner.name !== 'heatmap')
      return { ...inner, grouping, ...span };
    return checkAggregate(this.#query, span, op, grouping, args);
  }

  /** Null where the call has the shape of PromQL's function of that name. */
  #tick(span: Span, called: string, args: Expr[], grouping: Grouping, grouped: boolean): Expr | null {
    const name = (tickFunctions as Record<string, (typeof tickFunctions)[keyof typeof tickFunctions]>)[
      called
    ];
    if (name === undefined) return null;
    const array = args[0]?.kind === 'array' ? args[0] : undefined;
    const [target, stride, ...rest] = array === undefined ? args : args.slice(1);
    const selector = target === undefined ? undefined : unparen(target);
    const isSelector = selector?.kind === 'selector';
    const isOfficial = signatures.has(called);
    if (isOfficial && !grouped && array === undefined && (name === 'quantiles' || !isSelector)) return null;
    const usage = `${called}(${name === 'quantiles' ? '[quantile, …], ' : ''}selector[, stride])`;
    const hasArray = array !== undefined;
    if (
      !isSelector ||
      hasArray !== (name === 'quantiles') ||
      rest.length > 0 ||
      (stride && stride.kind !== 'number')
    )
      throw parseError(this.#query, span.from, `expected ${usage}`);
    if (stride?.kind === 'number' && !(stride.value > 0))
      throw parseError(this.#query, stride.from, 'the stride must be positive');
    if (name === 'heatmap' && grouped)
      throw parseError(this.#query, span.from, `${called} takes no grouping`);
    return {
      kind: 'tick',
      name,
      quantiles: array?.values ?? [],
      selector,
      stride: stride?.kind === 'number' ? { kind: 'number', value: stride.value } : null,
      grouping,
      ...span,
    };
  }

  #call(span: Span, name: string, args: Expr[]): Expr {
    if (missingFunctions.has(name)) throw unsupported(this.#query, span.from, `the function ${name}`);
    return checkCall(this.#query, { kind: 'call', name, args, ...span });
  }

  #args(body: SyntaxNode): Expr[] {
    return children(body).map((child) => this.expr(child));
  }

  #labels(node: SyntaxNode): string[] {
    return children(node).map((child) => this.#labelName(child));
  }

  #labelName(node: SyntaxNode): string {
    if (node.name !== 'QuotedLabelName') return this.#text(node);
    const name = this.#string(children(node)[0]!);
    if (name === '' || !name.isWellFormed()) throw this.#error(node, 'invalid label name');
    return name;
  }

  #duration(node: SyntaxNode): Duration {
    const parts = children(node);
    const first = parts[0];
    this.#enter();
    const build = (): Duration => {
      if (first === undefined) return { kind: 'number', value: this.#number(node) };
      if (first.name === 'UnaryOp') {
        const operand = this.#duration(parts[1]!);
        return this.#text(first) === '-' ? { kind: 'negate', operand } : operand;
      }
      if (first.name.startsWith('Duration') && first.name !== 'DurationExpr') {
        const name = this.#text(first).toLowerCase() as 'step' | 'range' | 'min_of' | 'max_of';
        return { kind: 'call', name, args: parts.slice(1).map((part) => this.#duration(part)) };
      }
      if (parts.length === 3) {
        const op = this.#text(parts[1]!) as '+' | '-' | '*' | '/' | '%' | '^';
        return { kind: 'binary', op, left: this.#duration(first), right: this.#duration(parts[2]!) };
      }
      return this.#duration(first);
    };
    const duration = build();
    this.#depth--;
    return duration;
  }

  #number(node: SyntaxNode): number {
    const text = this.#text(node);
    const value = parseNumber(text);
    if (Number.isNaN(value) && !/^[-+\s]*nan$/i.test(text)) throw this.#error(node, `bad number "${text}"`);
    return value;
  }

  #string(node: SyntaxNode): string {
    const value = unquote(this.#text(node));
    if (value === null) throw this.#error(node, 'the string is not closed or has an unknown escape');
    return value;
  }

  #text(node: SyntaxNode): string {
    return this.#query.slice(node.from, node.to);
  }

  #error(node: SyntaxNode, message: string): Error {
    return parseError(this.#query, node.from, message);
  }
}
