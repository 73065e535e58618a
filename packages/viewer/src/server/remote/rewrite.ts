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

/** A selector with its range; labels may have brackets and braces in their values. */
const ranged = /^([^{[]*(?:\{(?:[^"'`}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)*\})?)\s*\[[^\]]*\]/;

/**
 * remoteQuery: a query of ours for a Prometheus server: metrics get their names there, `irate` becomes a `rate` over
 * `rangeMs`, so that nothing between two steps is passed over, and our functions of histograms become those of Prometheus.
 * Names that `metrics` does not know stay. `split` is the label that tells machines apart: what is grouped by `id`, which
 * counts the devices of one machine, is then grouped by machine as well. Throws REZ_ERR_QUERY_PARSE.
 */
export function remoteQuery(
  query: string,
  metrics: ReadonlyMap<string, RemoteMetric>,
  rangeMs: number,
  split?: string,
): string {
  const range = `[${Math.ceil(rangeMs)}ms]`;
  const edits: Edit[] = [];
  const visit = (expr: Expr): void => {
    if (expr.kind === 'tick') edits.push(tickEdit(expr));
    else if (expr.kind === 'selector') edits.push(selectorEdit(expr));
    else if (isIrate(expr)) {
      const { from, to, args } = expr;
      const [matrix] = args;
      const text = named({ ...matrix.selector, from: matrix.from, to: matrix.to });
      edits.push({ from, to, text: `rate(${text.replace(ranged, (_, selector) => selector + range)})` });
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
  const text = edits
    .sort((a, b) => b.from - a.from)
    .reduce((text, edit) => text.slice(0, edit.from) + edit.text + text.slice(edit.to), query);
  return split === undefined ? text : text.replace(/\bby\s*\((?=[^)]*\bid\b)/g, `by (${split}, `);
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
