/** LabelSet: the labels of a series, sorted by name, without empty values; the metric name is the label `__name__`. */
export type LabelSet = readonly (readonly [name: string, value: string])[];

/** nameLabel: the label that holds the metric name. */
export const nameLabel = '__name__';

/** labelSet: a LabelSet of a record and, where given, a metric name. */
export function labelSet(record: Readonly<Record<string, string>>, metric?: string): LabelSet {
  const pairs = Object.entries(record).filter(([, value]) => value !== '');
  if (metric !== undefined) pairs.push([nameLabel, metric]);
  return pairs.sort(byName);
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}

/** labelRecord: the labels as an object; `Object.fromEntries` keeps even a label called `__proto__` an own key. */
export function labelRecord(labels: LabelSet): Record<string, string> {
  return Object.fromEntries(labels);
}

/** labelValue: the value of one label, '' where it is absent. */
export function labelValue(labels: LabelSet, name: string): string {
  for (const [key, value] of labels) if (key === name) return value;
  return '';
}

/** withLabel: the labels with one set; '' removes it. */
export function withLabel(labels: LabelSet, name: string, value: string): LabelSet {
  const rest = labels.filter(([key]) => key !== name);
  return value === '' ? rest : [...rest, [name, value] as const].sort(byName);
}

/** withoutLabels: the labels but those named. */
export function withoutLabels(labels: LabelSet, names: ReadonlySet<string>): LabelSet {
  return labels.filter(([key]) => !names.has(key));
}

/** onlyLabels: the labels that are named. */
export function onlyLabels(labels: LabelSet, names: ReadonlySet<string>): LabelSet {
  return labels.filter(([key]) => names.has(key));
}

const justName: ReadonlySet<string> = new Set([nameLabel]);

/** withoutName: the labels without the metric name. */
export function withoutName(labels: LabelSet): LabelSet {
  return withoutLabels(labels, justName);
}

/** labelKey: a string that is equal for equal label sets and for no others. */
export function labelKey(labels: LabelSet): string {
  return JSON.stringify(labels);
}

/** compareLabels: the order of series in results: pair by pair, names before values, as Prometheus sorts. */
export function compareLabels(a: LabelSet, b: LabelSet): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [nameA, valueA] = a[i]!;
    const [nameB, valueB] = b[i]!;
    if (nameA !== nameB) return nameA < nameB ? -1 : 1;
    if (valueA !== valueB) return valueA < valueB ? -1 : 1;
  }
  return a.length - b.length;
}

/** formatLabels: `metric{a="b"}` for messages. */
export function formatLabels(labels: LabelSet): string {
  const pairs = withoutName(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `${labelValue(labels, nameLabel)}{${pairs.join(', ')}}`;
}
