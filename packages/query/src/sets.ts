import type { Binary } from './ast.ts';
import type { Context } from './context.ts';
import { signature } from './matching.ts';
import type { Grid, VectorSeries, VectorValue } from './values.ts';

/** setOperation: `and`, `or`, `unless`: decided per time and group of labels. */
export function setOperation(
  context: Context,
  { op, matching }: Binary,
  left: VectorValue,
  right: VectorValue,
  grid: Grid,
): VectorValue {
  const signatureOf = signature(matching);
  const presence = (series: readonly VectorSeries[]): Map<string, Uint8Array> => {
    const groups = new Map<string, Uint8Array>();
    for (const each of series) {
      const key = signatureOf(each.labels);
      let present = groups.get(key);
      if (present === undefined) {
        context.budget.allocate(grid.count);
        present = new Uint8Array(grid.count);
        groups.set(key, present);
      }
      for (let i = 0; i < grid.count; i++) present[i]! |= each.present[i]!;
    }
    return groups;
  };
  const keep = (vector: VectorValue, others: ReadonlyMap<string, Uint8Array>, where: 0 | 1): VectorSeries[] =>
    vector.series.flatMap((each) => {
      const other = others.get(signatureOf(each.labels));
      if (other === undefined) return where === 1 ? [] : [each];
      context.budget.allocate(grid.count);
      const present = each.present.map((there, i) => (other[i] === where ? there : 0));
      if (!present.includes(1)) return [];
      const histograms = each.histograms?.map((one, i) => (present[i] === 1 ? one : undefined)) ?? null;
      return [{ ...each, present, histograms }];
    });
  if (op === 'or')
    return { type: 'vector', series: [...left.series, ...keep(right, presence(left.series), 0)] };
  return { type: 'vector', series: keep(left, presence(right.series), op === 'and' ? 1 : 0) };
}
