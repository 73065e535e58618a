import type { Grouping } from './ast.ts';
import { type LabelSet, labelKey, nameLabel, onlyLabels, withoutLabels } from './labels.ts';
import type { VectorSeries } from './values.ts';

/** Group: the series that an aggregation puts together. */
export interface Group<Series = VectorSeries> {
  readonly labels: LabelSet;
  readonly dropName: boolean;
  readonly series: Series[];
}

/** groupLabels: the labels that a series keeps in an aggregation. */
export function groupLabels({ without, labels }: Grouping): (of: LabelSet) => LabelSet {
  const names = new Set(labels);
  if (!without) return (of) => onlyLabels(of, names);
  names.add(nameLabel);
  return (of) => withoutLabels(of, names);
}

/** groupSeries: series by the labels they keep, in the order of their first. */
export function groupSeries<Series extends Pick<VectorSeries, 'labels' | 'dropName'>>(
  series: readonly Series[],
  grouping: Grouping,
): Group<Series>[] {
  const labelsOf = groupLabels(grouping);
  const groups = new Map<string, { labels: LabelSet; dropName: boolean; series: Series[] }>();
  for (const each of series) {
    const labels = labelsOf(each.labels);
    const key = labelKey(labels);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { labels, dropName: each.dropName, series: [each] });
    else {
      group.series.push(each);
      group.dropName ||= each.dropName;
    }
  }
  return [...groups.values()];
}
