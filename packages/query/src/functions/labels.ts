import type { Call, Expr } from '../ast.ts';
import { unparen } from '../ast.ts';
import { type LabelSet, labelValue, nameLabel, withLabel } from '../labels.ts';
import { executionError } from '../position.ts';
import { RegexError } from '../regex/parse.ts';
import { compileRegex, type Regex } from '../regex/regex.ts';
import { quote } from '../strings.ts';
import type { VectorSeries, VectorValue } from '../values.ts';

/** text: the value of an argument that is a string literal. */
export function text(expr: Expr): string {
  const literal = unparen(expr);
  if (literal.kind !== 'string') throw executionError('expected a string literal');
  return literal.value;
}

/** checkLabelName: throws where a string cannot be the name of a label. */
export function checkLabelName(name: string): string {
  if (name === '' || !name.isWellFormed()) throw executionError(`invalid label name ${quote(name)}`);
  return name;
}

/** A label that sets the metric name keeps it from being dropped. */
function relabel(series: VectorSeries, name: string, value: string): VectorSeries {
  const dropName = name === nameLabel ? false : series.dropName;
  return { ...series, labels: withLabel(series.labels, name, value), dropName };
}

/** labelReplace: `label_replace(v, target, replacement, source, pattern)`. */
export function labelReplace(call: Call, vector: VectorValue): VectorValue {
  const [target, template, source, pattern] = call.args.slice(1).map(text) as [
    string,
    string,
    string,
    string,
  ];
  checkLabelName(target);
  let regex: Regex;
  try {
    regex = compileRegex(pattern);
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    throw executionError(`invalid regular expression in label_replace(): ${pattern}: ${error.message}`);
  }
  const series = vector.series.map((each) => {
    const groups = regex.match(labelValue(each.labels, source));
    return groups === null ? each : relabel(each, target, expand(template, groups, regex.groupNames));
  });
  return { ...vector, series };
}

/** Replaces `$1`, `$name`, `${name}` and `$$`; groups that do not exist are empty. Go, regexp.Expand. */
function expand(template: string, groups: readonly string[], names: readonly string[]): string {
  return template.replace(/\$(?:\$|(\w+)|\{(\w+)\})/g, (whole, plain?: string, braced?: string) => {
    if (whole === '$$') return '$';
    const name = (plain ?? braced)!;
    const index = /^\d+$/.test(name) ? Number(name) : names.indexOf(name, 1);
    return groups[index] ?? '';
  });
}

/** labelJoin: `label_join(v, target, separator, source…)`. */
export function labelJoin(call: Call, vector: VectorValue): VectorValue {
  const [target, separator, ...sources] = call.args.slice(1).map(text) as [string, string, ...string[]];
  checkLabelName(target);
  for (const source of sources) checkLabelName(source);
  const joined = (labels: LabelSet) => sources.map((source) => labelValue(labels, source)).join(separator);
  return { ...vector, series: vector.series.map((each) => relabel(each, target, joined(each.labels))) };
}

/** sortByLabel: series by the natural order of label values (`cpu2` before `cpu10`), then by all labels. */
export function sortByLabel(call: Call, vector: VectorValue, compareAll: Compare): VectorValue {
  const names = call.args.slice(1).map(text);
  const sign = call.name === 'sort_by_label_desc' ? -1 : 1;
  const series = vector.series.toSorted((a, b) => {
    for (const name of names) {
      const [x, y] = [labelValue(a.labels, name), labelValue(b.labels, name)];
      if (x !== y) return sign * (naturally(x, y) || (x < y ? -1 : 1));
    }
    return sign * compareAll(a.labels, b.labels);
  });
  return { type: 'vector', series, ordered: true };
}

type Compare = (a: LabelSet, b: LabelSet) => number;

/** Chunks of digits compare as numbers, others as text. */
function naturally(a: string, b: string): number {
  const chunks = (text: string): readonly string[] => text.match(/\d+|\D+/g) ?? [];
  const [chunksA, chunksB] = [chunks(a), chunks(b)];
  for (let i = 0; i < Math.min(chunksA.length, chunksB.length); i++) {
    const [x, y] = [chunksA[i]!, chunksB[i]!];
    if (x === y) continue;
    const difference = Number(x) - Number(y);
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
    return x < y ? -1 : 1;
  }
  return chunksA.length - chunksB.length;
}
