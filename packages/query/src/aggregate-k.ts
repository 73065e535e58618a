import type { Aggregate } from './ast.ts';
import type { Context } from './context.ts';
import { groupSeries } from './grouping.ts';
import { compareLabels, labelKey } from './labels.ts';
import { executionError } from './position.ts';
import type { Grid, VectorSeries, VectorValue } from './values.ts';

/** aggregateK: `topk`, `bottomk`, `limitk` and `limit_ratio`: some of the series, chosen anew at each time. */
export function aggregateK(
  context: Context,
  expr: Aggregate,
  parameter: Float64Array,
  vector: VectorValue,
  grid: Grid,
): VectorValue {
  const { op } = expr;
  const isRatio = op === 'limit_ratio';
  if (parameter.some(Number.isNaN)) throw executionError(`${isRatio ? 'Ratio' : 'Parameter'} value is NaN`);
  const ranks = op === 'topk' || op === 'bottomk';
  const skipped = ranks && vector.series.some((series) => series.histograms !== null);
  if (skipped) context.annotations.info(`ignored histogram in ${op} aggregation`, expr.expr);
  const kept: VectorSeries[] = [];
  for (const group of groupSeries(vector.series, expr.grouping)) {
    const sorted = group.series
      .filter((series) => !ranks || series.histograms === null)
      .sort((a, b) => compareLabels(a.labels, b.labels));
    const chosen = sorted.map(() => new Uint8Array(grid.count));
    const hashes = isRatio ? sorted.map((series) => hash(labelKey(series.labels))) : [];
    for (let i = 0; i < grid.count; i++) {
      const candidates: number[] = [];
      for (let j = 0; j < sorted.length; j++) if (sorted[j]!.present[i] === 1) candidates.push(j);
      context.budget.work(sorted.length);
      const value = parameter[i]!;
      if (ranks) candidates.sort((a, b) => rank(sorted[a]!.values[i]!, sorted[b]!.values[i]!, op === 'topk'));
      const winners = isRatio
        ? candidates.filter((j) => isWithin(hashes[j]!, value))
        : candidates.slice(0, Math.max(0, Math.trunc(value)));
      for (const j of winners) chosen[j]![i] = 1;
    }
    sorted.forEach((series, j) => {
      const present = chosen[j]!;
      if (!present.includes(1)) return;
      context.budget.allocate(grid.count);
      const histograms = series.histograms?.map((one, i) => (present[i] === 1 ? one : undefined)) ?? null;
      kept.push({ ...series, present, histograms });
    });
  }
  const last = grid.count - 1;
  if (context.instant && ranks)
    kept.sort(
      (a, b) => rank(a.values[last]!, b.values[last]!, op === 'topk') || compareLabels(a.labels, b.labels),
    );
  return { type: 'vector', series: kept, ordered: ranks };
}

/** NaN is last for topk and for bottomk. */
function rank(a: number, b: number, largestFirst: boolean): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : (a < b ? -1 : 1) * (largestFirst ? -1 : 1);
}

/** A negative ratio takes the complement of the positive one. */
function isWithin(hashed: number, ratio: number): boolean {
  const limit = Math.min(1, Math.max(-1, ratio));
  return limit >= 0 ? hashed < limit : hashed >= 1 + limit;
}

/** FNV-1a, scaled to 0..1. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0) / 2 ** 32;
}
