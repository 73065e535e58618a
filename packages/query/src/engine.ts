import { Annotations } from './annotations.ts';
import { type Expr, type LabelMatcher, unparen } from './ast.ts';
import { typeOf } from './check.ts';
import type { Context, SelectedSeries, Settings } from './context.ts';
import { evaluate, evaluateRange } from './evaluate.ts';
import { statesAt } from './histogram.ts';
import { Budget, defaultLimits, type QueryControl, type QueryLimits } from './limits.ts';
import { type IndexedSeries, SeriesIndex } from './matchers.ts';
import { parse } from './parse.ts';
import { ends, plan } from './plan.ts';
import { executionError, limitError } from './position.ts';
import { RegexError } from './regex/parse.ts';
import { finish, type QueryResult, rangeToMatrix, toMatrix, toVector } from './result.ts';
import { ResultCache } from './result-cache.ts';
import type { Column, Series, SeriesKind, Source } from './source.ts';
import { type Grid, makeGrid } from './values.ts';

/** EngineOptions: how an engine departs from its defaults. */
export interface EngineOptions extends Partial<Settings> {
  readonly limits?: Partial<QueryLimits>;
  /** Bytes of results of parts of queries that are kept; for sources whose samples never change. Default 0. */
  readonly cacheBytes?: number;
}

/** RangeQuery: a query at `startMs`, `startMs + stepMs` … up to `endMs`. */
export interface RangeQuery {
  readonly query: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  /** The query that this is a part of: what `start()`, `end()`, `range()` and `@` refer to. */
  readonly whole?: { readonly startMs: number; readonly endMs: number };
}

/** InstantQuery: a query at one time. */
export interface InstantQuery {
  readonly query: string;
  readonly timeMs: number;
}

/** Answer: the result of a query with warnings and infos to show beside it, each ending in its `(line:column)`. */
export interface Answer {
  readonly result: QueryResult;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

/** MetricMetadata: what a source knows of a metric. */
export interface MetricMetadata {
  readonly metric: string;
  readonly kind: SeriesKind;
  readonly unit?: string;
  readonly description?: string;
}

/** Engine: PromQL over one source. Errors: REZ_ERR_QUERY_PARSE, _UNSUPPORTED, _EXECUTION, _LIMIT; the abort reason. */
export interface Engine {
  queryRange(query: RangeQuery, control?: QueryControl): Promise<Answer>;
  queryInstant(query: InstantQuery, control?: QueryControl): Promise<Answer>;
  /** seriesMatching: the series that one of the matcher lists accepts; without lists, all. */
  seriesMatching(matchers?: readonly (readonly LabelMatcher[])[]): Series[];
  /** labelNames: sorted, with `__name__`. */
  labelNames(matchers?: readonly (readonly LabelMatcher[])[]): string[];
  /** labelValues: the values of one label, sorted. */
  labelValues(name: string, matchers?: readonly (readonly LabelMatcher[])[]): string[];
  /** metadata: one entry per metric, sorted by name. */
  metadata(): MetricMetadata[];
}

/**
 * createEngine: PromQL over `source`. The lookback defaults to five intervals of the source, at least 1 s: a recording
 * is sampled densely, and a cgroup that ended should not be drawn for Prometheus' five minutes. Subqueries without a
 * step are evaluated at the interval of the source.
 */
export function createEngine(source: Source, options: EngineOptions = {}): Engine {
  const limits = { ...defaultLimits, ...options.limits };
  const { lookbackMs, subqueryStepMs, broadcast = true, cacheBytes = 0 } = options;
  const cache = cacheBytes > 0 ? new ResultCache(cacheBytes) : null;
  let cached: SeriesIndex | undefined;
  const index = (): SeriesIndex => {
    if (cached?.generation !== source.generation) {
      cached = new SeriesIndex(source);
      cache?.clear();
    }
    return cached;
  };
  const select = (lists: readonly (readonly LabelMatcher[])[] | undefined): IndexedSeries[] => {
    if (lists === undefined || lists.length === 0) return [...index().all];
    try {
      return [...new Set(lists.flatMap((matchers) => index().select(matchers)))];
    } catch (error) {
      if (error instanceof RegexError) throw executionError(`bad regular expression: ${error.message}`);
      throw error;
    }
  };

  const run = async (
    query: string,
    { startMs, endMs, stepMs, whole }: Omit<RangeQuery, 'query'>,
    control: QueryControl,
    finishWith: (context: Context, expr: Expr, grid: Grid) => QueryResult,
    instant: boolean,
  ): Promise<Answer> => {
    const { signal } = control;
    signal?.throwIfAborted();
    const expr = parse(query);
    const intervalMs = source.intervalMs > 0 ? source.intervalMs : 1000;
    const settings = {
      lookbackMs: lookbackMs ?? Math.max(5 * intervalMs, 1000),
      subqueryStepMs: subqueryStepMs ?? intervalMs,
      broadcast,
    };
    const grid = makeGrid(startMs, endMs, stepMs);
    const range = { startMs, endMs, stepMs, ...whole };
    const shared = {
      text: query,
      cache,
      query: range,
      instant,
      intervalMs,
      settings,
      annotations: new Annotations(query),
    };
    const planned = plan({ ...shared, budget: new Budget(limits, control) }, expr, grid);
    const matched = planned.map(({ selector }) => index().select(selector.matchers));
    const ids = [...new Set(matched.flatMap((list) => list.map(({ series }) => series.id)))];
    if (ids.length > limits.maxSeries)
      throw limitError(`the query selects ${ids.length} series, more than ${limits.maxSeries}`);
    const columns = new Map<number, Column>();
    if (ids.length > 0 && whole !== undefined && whole.startMs === startMs && source.prefetch !== undefined) {
      const all = plan({ ...shared, budget: new Budget(limits, control) }, expr, ends({ ...whole, stepMs }));
      const from = Math.min(...all.map((each) => each.startMs));
      await source.prefetch(ids, from, Math.max(...all.map((each) => each.endMs)), signal);
    }
    if (ids.length > 0) {
      const from = Math.min(...planned.map(({ startMs }) => startMs));
      const to = Math.max(...planned.map(({ endMs }) => endMs));
      const loaded = await source.load(ids, from, to, signal);
      ids.forEach((id, i) => {
        columns.set(id, loaded[i]!);
      });
    }
    signal?.throwIfAborted();
    const selected = new Map(
      planned.map(({ selector }, i) => [
        selector,
        matched[i]!.map(
          ({ series, labels }): SelectedSeries => ({ labels, column: columns.get(series.id)! }),
        ),
      ]),
    );
    const context: Context = { ...shared, budget: new Budget(limits, control), selected };
    const result = finishWith(context, expr, grid);
    return { result, warnings: context.annotations.warnings, infos: context.annotations.infos };
  };

  return {
    async queryRange({ query, ...range }, control = {}) {
      const { startMs, endMs, stepMs } = range;
      if (!(stepMs > 0) || !(endMs >= startMs) || !Number.isFinite(endMs - startMs))
        throw executionError('a range query needs a positive step and an end that is not before its start');
      if ((endMs - startMs) / stepMs + 1 > limits.maxSteps)
        throw limitError(`the query has more than ${limits.maxSteps} steps`);
      return run(query, range, control, rangeResult, false);
    },
    async queryInstant({ query, timeMs }, control = {}) {
      if (!Number.isFinite(timeMs)) throw executionError('an instant query needs a time');
      return run(query, { startMs: timeMs, endMs: timeMs, stepMs: 0 }, control, instantResult, true);
    },
    seriesMatching: (matchers) => select(matchers).map(({ series }) => series),
    labelNames: (matchers) =>
      [...new Set(select(matchers).flatMap(({ labels }) => labels.map(([name]) => name)))].sort(),
    labelValues(name, matchers) {
      const values = select(matchers).flatMap(({ labels }) => labels.filter(([key]) => key === name));
      return [...new Set(values.map(([, value]) => value))].sort();
    },
    metadata() {
      const metrics = new Map<string, MetricMetadata>();
      for (const { metric, kind, unit, description } of source.series())
        if (!metrics.has(metric))
          metrics.set(metric, {
            metric,
            kind,
            ...(unit === undefined ? {} : { unit }),
            ...(description === undefined ? {} : { description }),
          });
      return [...metrics.values()].sort((a, b) => (a.metric < b.metric ? -1 : 1));
    },
  };
}

function rangeResult(context: Context, expr: Expr, grid: Grid): QueryResult {
  const type = typeOf(expr);
  if (type !== 'vector' && type !== 'scalar' && type !== 'buckets')
    throw executionError(`a range query cannot give a ${type === 'matrix' ? 'range vector' : type}`);
  const value = evaluate(context, expr, grid);
  if (value.type === 'vector') return toMatrix(finish({ ...value, ordered: false }, grid.count), grid);
  if (value.type === 'scalar')
    return { kind: 'matrix', series: [{ labels: {}, times: grid.times, values: value.values }] };
  if (value.type === 'buckets') return { ...value, kind: 'buckets' };
  throw executionError('a range query cannot give a string');
}

function instantResult(context: Context, expr: Expr, grid: Grid): QueryResult {
  const timeMs = grid.startMs;
  if (typeOf(expr) === 'matrix') {
    const range = evaluateRange(context, expr, grid);
    return rangeToMatrix(range, (i) => {
      const { samples, windows } = range.series[i]!;
      if (samples.kind === 'float') return [];
      const rows = Array.from(
        { length: windows.to[0]! - windows.from[0]! },
        (_, row) => windows.from[0]! + row,
      );
      return statesAt(samples, rows).filter((state) => state !== undefined);
    });
  }
  const value = evaluate(context, unparen(expr), grid);
  switch (value.type) {
    case 'vector':
      return toVector(finish(value, grid.count), timeMs);
    case 'scalar':
      return { kind: 'scalar', timeMs, value: value.values[0]! };
    case 'string':
      return { kind: 'string', timeMs, value: value.value };
    case 'buckets':
      return { ...value, kind: 'buckets' };
  }
}

/** matchersOf: the matchers of a series selector such as `up{job="x"}`. Throws REZ_ERR_QUERY_PARSE. */
export function matchersOf(selector: string): readonly LabelMatcher[] {
  const expr = parse(selector);
  if (expr.kind !== 'selector') throw executionError(`"${selector}" is not a series selector`);
  return expr.matchers;
}
