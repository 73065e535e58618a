import type { Binary, Matching } from './ast.ts';
import { comparisonOperators } from './check.ts';
import type { Context } from './context.ts';
import {
  formatLabels,
  type LabelSet,
  labelKey,
  labelValue,
  nameLabel,
  onlyLabels,
  withLabel,
  withoutLabels,
  withoutName,
} from './labels.ts';
import { executionError } from './position.ts';
import type { Grid, VectorSeries, VectorValue } from './values.ts';

/** Pair: two series that an operator joins. `many` is the left one unless the operator has `group_right`. */
export interface Pair {
  readonly many: VectorSeries;
  readonly one: VectorSeries;
  readonly labels: LabelSet;
  readonly dropName: boolean;
  /** 1 where both have a sample. */
  readonly rows: Uint8Array;
  /** What may have one result at a time. */
  readonly group: string;
}

/** signature: maps labels to what has to be equal on both sides. */
export function signature(matching: Matching): (labels: LabelSet) => string {
  const names = new Set(matching.labels);
  if (matching.on) return (labels) => labelKey(onlyLabels(labels, names));
  names.add(nameLabel);
  return (labels) => labelKey(withoutLabels(labels, names));
}

/**
 * matchSeries: the pairs of an arithmetic operator or comparison. Throws REZ_ERR_QUERY_EXECUTION where at any time
 * the "one" side has two samples for a group.
 */
export function matchSeries(
  context: Context,
  expr: Binary,
  left: VectorValue,
  right: VectorValue,
  grid: Grid,
): Pair[] {
  const { matching } = expr;
  const swapped = matching.card === 'one-to-many';
  const [many, one] = swapped ? [right, left] : [left, right];
  const signatureOf = signature(matching);
  const ones = Map.groupBy(one.series, (series) => signatureOf(series.labels));
  const single =
    one.series.length === 1 && context.settings.broadcast && !matching.explicit ? one.series[0] : undefined;
  checkOneSide(ones, many.series, swapped ? 'left' : 'right', grid);
  const isBroadcast =
    single !== undefined && !many.series.some((series) => ones.has(signatureOf(series.labels)));
  const pairs: Pair[] = [];
  for (const series of many.series) {
    const key = signatureOf(series.labels);
    for (const partner of isBroadcast ? [single] : (ones.get(key) ?? [])) {
      context.budget.allocate(grid.count);
      const rows = series.present.map((present, i) => present & partner.present[i]!);
      if (!rows.includes(1)) continue;
      const labels = resultLabels(expr, series.labels, partner.labels);
      // One to one, the group may give one result; with group_left, each set of labels may.
      const group = matching.card === 'one-to-one' && !isBroadcast ? key : labelKey(labels);
      const dropName = series.dropName || expr.bool;
      pairs.push({ many: series, one: partner, labels, dropName, rows, group });
    }
  }
  return pairs;
}

/** Claims: what has a result at which times. */
export class Claims {
  readonly #taken = new Map<string, Uint8Array>();
  readonly #matching: Matching;

  constructor(matching: Matching) {
    this.#matching = matching;
  }

  /**
   * add: the times at which a pair gives a result; those that a comparison left out do not count. Throws
   * REZ_ERR_QUERY_EXECUTION where another pair of its group has one at the same time.
   */
  add({ group, many }: Pair, present: Uint8Array): void {
    const before = this.#taken.get(group);
    if (before === undefined) {
      this.#taken.set(group, present.slice());
      return;
    }
    for (let i = 0; i < present.length; i++) {
      if (before[i] === 1 && present[i] === 1)
        throw executionError(
          this.#matching.card === 'one-to-one'
            ? `multiple matches for labels ${formatLabels(many.labels)}: many-to-one matching must be explicit (group_left/group_right)`
            : 'multiple matches for labels: grouping labels must ensure unique matches',
        );
      before[i]! |= present[i]!;
    }
  }
}

function checkOneSide(
  ones: ReadonlyMap<string, readonly VectorSeries[]>,
  many: readonly VectorSeries[],
  side: string,
  grid: Grid,
): void {
  for (const group of ones.values()) {
    if (group.length < 2) continue;
    for (let i = 0; i < grid.count; i++) {
      const present = group.filter((series) => series.present[i] === 1);
      if (present.length < 2 || !many.some((series) => series.present[i] === 1)) continue;
      const pair = present.slice(0, 2).map((series) => formatLabels(series.labels));
      throw executionError(
        `found duplicate series for the match group on the ${side} hand-side of the operation: ` +
          `[${pair.join(', ')}];many-to-many matching not allowed: matching labels must be unique on one side`,
      );
    }
  }
}

function resultLabels({ op, matching }: Binary, many: LabelSet, one: LabelSet): LabelSet {
  let labels = comparisonOperators.has(op) ? many : withoutName(many);
  if (matching.card === 'one-to-one') {
    const names = new Set(matching.labels);
    labels = matching.on ? onlyLabels(labels, names) : withoutLabels(labels, names);
  }
  for (const name of matching.include) labels = withLabel(labels, name, labelValue(one, name));
  return labels;
}
