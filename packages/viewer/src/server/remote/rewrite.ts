import { childrenOf, type Expr, parse, type VectorSelector } from '@rezolus/query';

/** RemoteMetric: what a metric of ours is on a Prometheus server. */
export interface RemoteMetric {
  /** Name of its series there; of a classic histogram without `_bucket`. */
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** A histogram of `le` buckets instead of native ones. */
  readonly classic: boolean;
}

/** Edit: `text` in place of what is between `from` and `to`. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * remoteQuery: a query of ours for a Prometheus server: metrics get their names there, `irate` becomes a `rate` over
 * `rangeMs`, so that nothing between two steps is passed over, and our functions of histograms become those of Prometheus.
 * Names that `metrics` does not know stay. Throws REZ_ERR_QUERY_PARSE.
 */
export function remoteQuery(
  query: string,
  metrics: ReadonlyMap<string, RemoteMetric>,
  rangeMs: number,
): string {
  const range = `[${Math.ceil(rangeMs)}ms]`;
  const edits: Edit[] = [];
  const visit = (expr: Expr): void => {
    if (expr.kind === 'tick') edits.push(tickEdit(expr));
    else if (expr.kind === 'selector') edits.push(selectorEdit(expr));
    else if (isIrate(expr)) {
      const { selector } = expr.args[0]!;
      const { from, to } = expr;
      edits.push({ from, to, text: `rate(${named(selector)}${range}${rest(expr.args[0]!)})` });
    } else for (const child of childrenOf(expr)) visit(child);
  };

  const named = (selector: VectorSelector, suffix?: string): string => {
    const text = query.slice(selector.from, selector.to);
    const metric = metricIn(selector);
    const known = metric === null ? undefined : metrics.get(metric);
    if (metric === null || known === undefined) return text;
    const name = known.name + (known.classic ? (suffix ?? '_bucket') : '');
    // A name in quotes inside of the braces stays; there is none in our dashboards.
    return text.startsWith(metric) ? name + text.slice(metric.length) : text;
  };
  const selectorEdit = (selector: VectorSelector): Edit => ({
    from: selector.from,
    to: selector.to,
    text: named(selector),
  });
  /** What stands behind the range: `offset` and `@`. */
  const rest = ({ selector, to }: Extract<Expr, { kind: 'matrix' }>): string =>
    query.slice(selector.to, to).replace(/^\s*\[[^\]]*\]/, '');

  const tickEdit = ({
    name,
    selector,
    quantiles,
    grouping,
    from,
    to,
  }: Extract<Expr, { kind: 'tick' }>): Edit => {
    const metric = metricIn(selector);
    const classic = metric !== null && metrics.get(metric)?.classic === true;
    const labels = [...grouping.labels];
    const by = (...more: string[]) => {
      if (grouping.without) return ` without (${labels.join(', ')})`;
      return labels.length + more.length > 0 ? ` by (${[...labels, ...more].join(', ')})` : '';
    };
    const rateOf = (suffix: '_sum' | '_count') =>
      classic
        ? `sum${by()} (rate(${named(selector, suffix)}${range}))`
        : `histogram${suffix}(sum${by()} (rate(${named(selector)}${range})))`;
    const states = (range: string) =>
      `sum${by(...(classic ? ['le'] : []))} (rate(${named(selector)}${range}))`;
    const text = {
      irate: () => rateOf('_count'),
      count: () => `(${rateOf('_count')} * ${rangeMs / 1000})`,
      sum: () => rateOf('_sum'),
      mean: () => `(${rateOf('_sum')} / (${rateOf('_count')} > 0))`,
      heatmap: () => `(${states(range)} * ${rangeMs / 1000})`,
      quantiles: () =>
        `(${quantiles
          .map((q) => `label_replace(histogram_quantile(${q}, ${states(range)}), "quantile", "${q}", "", "")`)
          .join(' or ')})`,
    }[name]();
    return { from, to, text };
  };

  visit(parse(query));
  return edits
    .sort((a, b) => b.from - a.from)
    .reduce((text, edit) => text.slice(0, edit.from) + edit.text + text.slice(edit.to), query);
}

function isIrate(expr: Expr): expr is Extract<Expr, { kind: 'call' }> & {
  readonly args: readonly [Extract<Expr, { kind: 'matrix' }>];
} {
  return expr.kind === 'call' && expr.name === 'irate' && expr.args[0]?.kind === 'matrix';
}

/** metricIn: the metric that a selector names, or null. */
function metricIn({ matchers }: VectorSelector): string | null {
  return matchers.find(({ name, op }) => name === '__name__' && op === '=')?.value ?? null;
}

/** heatmapAsked: whether the whole query is a heatmap, whose answer is histograms and not numbers. */
export function heatmapAsked(query: string): boolean {
  const expr = parse(query);
  return expr.kind === 'tick' && expr.name === 'heatmap';
}
