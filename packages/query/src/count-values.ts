import type { Aggregate } from './ast.ts';
import type { Context } from './context.ts';
import { count, sum } from './functions/histogram.ts';
import { checkLabelName } from './functions/labels.ts';
import { groupSeries } from './grouping.ts';
import type { Histogram } from './histogram.ts';
import { labelKey, withLabel } from './labels.ts';
import { formatFloat } from './strings.ts';
import { floatSeries, type Grid, type Value, type VectorSeries, type VectorValue } from './values.ts';

/** countValues: `count_values("label", v)`: per time and distinct value, how many series have it. */
export function countValues(
  context: Context,
  expr: Aggregate,
  parameter: Value | null,
  vector: VectorValue,
  grid: Grid,
): VectorValue {
  const label = checkLabelName(parameter?.type === 'string' ? parameter.value : '');
  const results = new Map<string, VectorSeries>();
  for (const group of groupSeries(vector.series, expr.grouping))
    for (const series of group.series)
      for (let i = 0; i < grid.count; i++) {
        if (series.present[i] === 0) continue;
        context.budget.work(10);
        const histogram = series.histograms?.[i];
        const text = histogram === undefined ? formatFloat(series.values[i]!) : describe(histogram);
        const labels = withLabel(group.labels, label, text);
        const key = labelKey(labels);
        let result = results.get(key);
        if (result === undefined) {
          context.budget.allocate(grid.count);
          result = floatSeries(labels, group.dropName, grid.count);
          results.set(key, result);
        }
        result.present[i] = 1;
        result.values[i]!++;
      }
  return { type: 'vector', series: [...results.values()] };
}

function describe(histogram: Histogram): string {
  return `{count:${formatFloat(count(histogram))}, sum:${formatFloat(sum(histogram))}}`;
}
