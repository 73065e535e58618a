export type { Expr, LabelMatcher, MatchOperator, VectorSelector } from './ast.ts';
export {
  type Answer,
  createEngine,
  type Engine,
  type EngineOptions,
  type InstantQuery,
  type MetricMetadata,
  matchersOf,
  type RangeQuery,
} from './engine.ts';
export type { Histogram } from './histogram.ts';
export { defaultLimits, type QueryControl, type QueryLimits } from './limits.ts';
export { MemoryStore, type MemoryStoreOptions } from './memory-store.ts';
export { parse } from './parse.ts';
export type { BucketsResult, HistogramSample, QueryResult, SampleResult, SeriesResult } from './result.ts';
export { addMatcher } from './rewrite.ts';
export { childrenOf, selectorsOf } from './selectors.ts';
export type { Column, FloatColumn, HistogramColumn, Series, SeriesKind, Source } from './source.ts';
