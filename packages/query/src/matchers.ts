import type { LabelMatcher } from './ast.ts';
import { type LabelSet, labelSet, labelValue, nameLabel } from './labels.ts';
import { compileRegex } from './regex/regex.ts';
import type { Series, Source } from './source.ts';

/** CompiledMatcher: a matcher ready to be tried; an absent label counts as ''. */
export interface CompiledMatcher {
  readonly name: string;
  test(value: string): boolean;
}

/** compileMatchers: the matchers as predicates. Throws RegexError for a bad pattern. */
export function compileMatchers(matchers: readonly LabelMatcher[]): CompiledMatcher[] {
  return matchers.map(({ name, op, value }) => {
    if (op === '=') return { name, test: (text) => text === value };
    if (op === '!=') return { name, test: (text) => text !== value };
    const regex = compileRegex(value);
    return { name, test: op === '=~' ? (text) => regex.test(text) : (text) => !regex.test(text) };
  });
}

/** IndexedSeries: a series of the source with its labels, the metric name among them. */
export interface IndexedSeries {
  readonly series: Series;
  readonly labels: LabelSet;
}

/** SeriesIndex: the series of one generation of a source, by metric. */
export class SeriesIndex {
  readonly generation: number;
  readonly all: readonly IndexedSeries[];
  readonly #byMetric: ReadonlyMap<string, readonly IndexedSeries[]>;

  constructor(source: Source) {
    this.generation = source.generation;
    this.all = source.series().map((series) => ({ series, labels: labelSet(series.labels, series.metric) }));
    this.#byMetric = Map.groupBy(this.all, ({ series }) => series.metric);
  }

  /** select: the series that every matcher accepts. Throws RegexError for a bad pattern. */
  select(matchers: readonly LabelMatcher[]): IndexedSeries[] {
    const exact = matchers.find(({ name, op }) => name === nameLabel && op === '=');
    const candidates = exact === undefined ? this.all : (this.#byMetric.get(exact.value) ?? []);
    const compiled = compileMatchers(matchers);
    return candidates.filter(({ labels }) =>
      compiled.every(({ name, test }) => test(labelValue(labels, name))),
    );
  }
}
