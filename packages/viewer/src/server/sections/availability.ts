import { sentence } from '@rezolus/core/errors';
import { childrenOf, type Engine, type Expr, parse, type Series, selectorsOf } from '@rezolus/query';

/** Availability: whether a query finds series now, told from names and labels alone, without reading a value. */
export interface Availability {
  /** Why there is nothing to show, in one sentence; null where there is. */
  readonly missing: string | null;
  /** How many different `id` labels the series of the query have. */
  readonly members: number;
}

type SeriesLookup = Pick<Engine, 'seriesMatching'>;

/** Functions that answer where their argument has no series. */
const answersWithout = new Set(['absent', 'absent_over_time', 'vector']);

/**
 * availabilityOf: parses `query` once and gives what looks it up in an engine, as often as its series change. A query
 * that does not parse has nothing, for the parser's reason.
 */
export function availabilityOf(query: string): (engine: SeriesLookup) => Availability {
  let expr: Expr;
  try {
    expr = parse(query);
  } catch (error) {
    const refused = { missing: sentence(error), members: 0 };
    return () => refused;
  }
  const selectors = selectorsOf(expr);
  return (engine) => {
    const found = new Map<Expr, readonly Series[]>(
      selectors.map((selector) => [selector, engine.seriesMatching([selector.matchers])]),
    );
    const ids = new Set([...found.values()].flatMap((series) => series.map(({ labels }) => labels.id)));
    ids.delete(undefined);
    return { missing: missing(query, expr, found), members: ids.size };
  };
}

function missing(query: string, expr: Expr, found: ReadonlyMap<Expr, readonly Series[]>): string | null {
  if (expr.kind === 'selector') {
    return found.get(expr)?.length ? null : `No series matches ${query.slice(expr.from, expr.to)}.`;
  }
  if (expr.kind === 'call' && answersWithout.has(expr.name)) return null;
  const reasons = childrenOf(expr).map((child) => missing(query, child, found));
  if (expr.kind === 'binary' && expr.op === 'or') return reasons.includes(null) ? null : reasons[0]!;
  if (expr.kind === 'binary' && expr.op === 'unless') return reasons[0]!;
  return reasons.find((reason) => reason !== null) ?? null;
}
