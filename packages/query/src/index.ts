export type { LabelMatcher, MatchOperator } from './ast.ts';
export {
  type Answer,
  createEngine,
  type Engine,
  type EngineOptions,
  exactName,
  type InstantQuery,
  type MetricMetadata,
  matchersOf,
  type RangeQuery,
} from './engine.ts';
export type { Histogram } from './histogram.ts';
export { defaultLimits, type QueryLimits } from './limits.ts';
export type { BucketsResult, HistogramSample, QueryResult, SampleResult, SeriesResult } from './result.ts';
export type { Column, FloatColumn, HistogramColumn, Series, SeriesKind, Source } from './source.ts';
