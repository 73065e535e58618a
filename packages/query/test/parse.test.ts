import { describe, expect, it } from 'vitest';
import type { Expr } from '../src/ast.ts';
import { parse } from '../src/parse.ts';

/** A fully parenthesised form of the tree, to see how it associates. */
function show(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return String(expr.value);
    case 'string':
      return JSON.stringify(expr.value);
    case 'selector': {
      const name = expr.matchers.find((matcher) => matcher.name === '__name__')?.value ?? '{}';
      const offset = expr.offset === null ? '' : `@-${JSON.stringify(expr.offset)}`;
      return `${name}${offset.replace(/.*"value":(\d+).*/, '~$1')}${expr.at === null ? '' : `@${expr.at}`}`;
    }
    case 'matrix':
      return `${show(expr.selector)}[]`;
    case 'subquery':
      return `${show(expr.expr)}[:]`;
    case 'paren':
      return show(expr.expr);
    case 'unary':
      return `(${expr.op}${show(expr.operand)})`;
    case 'binary':
      return `(${show(expr.left)} ${expr.op} ${show(expr.right)})`;
    case 'aggregate':
      return `${expr.op}(${show(expr.expr)})`;
    case 'call':
      return `${expr.name}(${expr.args.map(show).join(', ')})`;
    default:
      return expr.kind;
  }
}

describe('precedence', () => {
  // The trees that Prometheus' own yacc grammar gives.
  it.each([
    ['1 + 2 * 3', '(1 + (2 * 3))'],
    ['1 - 2 - 3', '((1 - 2) - 3)'],
    ['2 ^ 3 ^ 4', '(2 ^ (3 ^ 4))'],
    ['-1 ^ 2', '(-(1 ^ 2))'],
    ['2 ^ -1 ^ 2', '(2 ^ (-(1 ^ 2)))'],
    ['-a * b', '((-a) * b)'],
    ['1-1', '(1 - 1)'],
    ['1 - -1', '(1 - -1)'],
    ['a or b and c', '(a or (b and c))'],
    ['a and b unless c', '((a and b) unless c)'],
    ['a > 1 or b', '((a > 1) or b)'],
    ['a == b + c', '(a == (b + c))'],
    ['a atan2 b * c', '((a atan2 b) * c)'],
    ['-a offset 5m', '(-a~300)'],
    ['a + b offset 5m', '(a + b~300)'],
    ['a + b offset 5m * c', '(a + (b~300 * c))'],
    ['-a + -b offset 5m * c ^ d @ 7', '((-a) + ((-b~300) * (c ^ d@7)))'],
    ['a offset 15m or b offset 45m', '(a~900 or b~2700)'],
    ['a + rate(b[5m] offset 5m) * 2', '(a + (rate(b~300[]) * 2))'],
    ['2.', '2'],
    ['2. * 3', '(2 * 3)'],
    ['0x1F + 1_000', '(31 + 1000)'],
    ['1h30m', '5400'],
  ])('%s', (query, tree) => {
    expect(show(parse(query))).toBe(tree);
  });
});

describe('extensions', () => {
  it('takes an array of quantiles, a stride and a place inside an expression', () => {
    const expr = parse('max(histogram_quantiles([0.5, 0.99], lat{op="read"}, 5)) / 1000');
    expect(expr).toMatchObject({
      kind: 'binary',
      left: {
        kind: 'aggregate',
        expr: { kind: 'tick', name: 'quantiles', quantiles: [0.5, 0.99], stride: { value: 5 } },
      },
    });
  });

  it('takes groupings on either side', () => {
    const grouping = { without: false, labels: ['op'] };
    expect(parse('histogram_mean by (op) (lat)')).toMatchObject({ kind: 'tick', name: 'mean', grouping });
    expect(parse('histogram_irate(lat) by (op)')).toMatchObject({ kind: 'tick', name: 'irate', grouping });
    expect(parse('sum by (op) (histogram_sum(lat))')).toMatchObject({ kind: 'tick', name: 'sum', grouping });
  });

  it("leaves PromQL's functions of the same name alone", () => {
    expect(parse('histogram_sum(rate(lat[5m]))').kind).toBe('call');
    expect(parse('histogram_quantiles(lat, "q", 0.5)').kind).toBe('call');
    expect(parse('histogram_count').kind).toBe('selector');
    expect(parse('min_of(1, 2)').kind).toBe('call');
    expect(parse('x[min_of(1m, 2m):]')).toMatchObject({ kind: 'subquery', range: { name: 'min_of' } });
  });

  it('does not mistake labels, comments and strings for calls', () => {
    const expr = parse('sum by (histogram_mean) (x{a="histogram_mean(y)"}) # histogram_mean(z)\n + 1');
    expect(expr).toMatchObject({ left: { grouping: { labels: ['histogram_mean'] } } });
    expect(parse('x{a=~"[0, 1]"}')).toMatchObject({ matchers: [{}, { value: '[0, 1]' }] });
  });
});

describe('errors', () => {
  it.each([
    ['sum(', '1:5: unexpected end of query'],
    ['', '1:1: unexpected end of query'],
    ['a\n  + b c', '2:7: unexpected "c"'],
    ['a + foo(1)', '1:8: unknown function "foo"'],
    ['x{a=b}', '1:5: unexpected "b"'],
    ['rate(x)', '1:6: expected type range vector in call to function "rate", got instant vector'],
    ['a + b[5m]', '1:5: expected type instant vector in binary expression with +, got range vector'],
    ['1 == 2', '1:1: comparisons between scalars need the bool modifier'],
    ['{a=~".*"}', '1:1: a selector needs a matcher that does not match the empty string'],
    ['x{a=~"("}', '1:1: bad regular expression: missing closing )'],
    ['x{a="\\q"}', '1:5: the string is not closed or has an unknown escape'],
    ['"abc', '1:1: the string is not closed or has an unknown escape'],
    ['x offset 5m offset 3m', '1:1: offset is given twice'],
    ['foo{__name__="bar"}', '1:5: the metric name is given twice'],
    ['topk(x)', '1:1: topk takes 2 argument(s), got 1'],
    ['clamp(x, 1)', '1:1: clamp takes 3 argument(s), got 2'],
    ['histogram_quantiles([0.5, x], y)', '1:22: an array holds numbers, found "x"'],
    ['histogram_quantiles([0.5], y, -1)', '1:31: the stride must be positive'],
    ['histogram_mean(rate(y[1m]))', '1:1: expected histogram_mean(selector[, stride])'],
  ])('%s', (query, message) => {
    expect(() => parse(query)).toThrow(
      expect.objectContaining({ code: 'REZ_ERR_QUERY_PARSE', message: expect.stringContaining(message) }),
    );
  });

  it.each(['info(x)', 'x fill(0) + y', 'a + fill(0) b', 'rate(x[5m] anchored)', 'histogram_heatmap(x) * 2'])(
    '%s is refused',
    (query) => {
      expect(() => parse(query)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/REZ_ERR_QUERY_(UNSUPPORTED|PARSE)/) }),
      );
    },
  );

  it('refuses what is nested too deeply, without overflowing the stack', () => {
    for (const query of [
      `${'('.repeat(20_000)}1${')'.repeat(20_000)}`,
      `1${'+1'.repeat(1000)}`,
      `${'-'.repeat(1000)}1`,
      `${'abs('.repeat(10_000)}x${')'.repeat(10_000)}`,
      `x[${'('.repeat(20_000)}5m${')'.repeat(20_000)}]`,
    ])
      expect(() => parse(query)).toThrow(expect.objectContaining({ code: 'REZ_ERR_QUERY_LIMIT' }));
    // Above some thousand levels the generated parser gives up by itself.
    for (const query of [`1${'+1'.repeat(20_000)}`, `${'-'.repeat(20_000)}1`])
      expect(() => parse(query)).toThrow(/1:\d+: unexpected|nested/);
    expect(() => parse('x'.repeat(100_000))).toThrow(/65536/);
  });
});
