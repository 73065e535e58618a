import type { Annotations } from './annotations.ts';
import type { VectorSelector } from './ast.ts';
import type { QueryRange } from './duration.ts';
import type { LabelSet } from './labels.ts';
import type { Budget } from './limits.ts';
import type { ResultCache } from './result-cache.ts';
import type { Column } from './source.ts';

/** SelectedSeries: a series that a selector matched, with its data. */
export interface SelectedSeries {
  readonly labels: LabelSet;
  readonly column: Column;
}

/** Settings: what the engine adds to the language. */
export interface Settings {
  /** How old the newest sample may be for a series to count as there, ms. */
  readonly lookbackMs: number;
  /** Step of a subquery that names none, ms. */
  readonly subqueryStepMs: number;
  /** Whether a single series on the right of an operator without `on` or `ignoring` pairs with all on the left. */
  readonly broadcast: boolean;
}

/** Context: what the evaluation of one query shares. */
export interface Context {
  readonly query: QueryRange;
  /** Whether it is evaluated at one time only. */
  readonly instant: boolean;
  /** Distance of two samples of the source, ms. */
  readonly intervalMs: number;
  readonly settings: Settings;
  readonly budget: Budget;
  readonly annotations: Annotations;
  /** Text of the query, and what is known of its parts, where that may be kept. */
  readonly text: string;
  readonly cache: ResultCache | null;
  readonly selected: ReadonlyMap<VectorSelector, readonly SelectedSeries[]>;
}
