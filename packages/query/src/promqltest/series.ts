import { parseNumber } from '../duration.ts';
import { matchersOf } from '../engine.ts';
import { type LabelSet, labelSet } from '../labels.ts';

/** Point: one position of a series description: a value, nothing, a stale marker or a native histogram. */
export type Point = number | 'absent' | 'stale' | 'histogram';

/** SeriesLine: a line of a script: a metric and its values. */
export interface SeriesLine {
  readonly labels: LabelSet;
  readonly points: readonly Point[];
}

/** parseSeriesLine: `metric{a="b"} 1+2x3 _ stale {{count:1}}x2`. Throws REZ_ERR_QUERY_PARSE for a bad metric. */
export function parseSeriesLine(line: string): SeriesLine {
  const { metric, rest } = splitMetric(line);
  return { labels: parseMetric(metric), points: parsePoints(rest) };
}

/** The metric ends after its closing brace, else at the first blank. */
function splitMetric(line: string): { metric: string; rest: string } {
  const text = line.trim();
  const match = /^[A-Za-z_:][\w:]*\s*|^/.exec(text)!;
  let at = match[0].length;
  if (text[at] === '{' && text[at + 1] !== '{') {
    let quote = '';
    for (at++; at < text.length && (quote !== '' || text[at] !== '}'); at++) {
      if (quote !== '' && text[at] === '\\') at++;
      else if (quote !== '') quote = text[at] === quote ? '' : quote;
      else if (text[at] === '"' || text[at] === "'") quote = text[at]!;
    }
    at++;
  }
  return { metric: text.slice(0, at).trim(), rest: text.slice(at).trim() };
}

/** parseMetric: the labels of `metric{a="b"}`; `{}` is a series without labels. */
export function parseMetric(metric: string): LabelSet {
  if (/^\{\s*\}$/.test(metric) || metric === '') return [];
  // A selector with a condition on the side, so that `{a=""}` is one.
  const matchers = matchersOf(metric.replace(/\{\s*\}$/, ''));
  return labelSet(Object.fromEntries(matchers.map(({ name, value }) => [name, value])));
}

/** parsePoints: values in the expanding notation of promtool: `a+bxn` is a, a+b, … (n + 1 values). */
export function parsePoints(text: string): Point[] {
  const points: Point[] = [];
  for (const item of text.match(/(?:\{\{[^}]*\}\}|[^\s{]+)+/g) ?? []) {
    if (item.includes('{{')) {
      const times = /x(\d+)$/.exec(item.replace(/\{\{[^}]*\}\}/g, ''));
      const count = times === null ? 1 : Number(times[1]) + 1;
      for (let i = 0; i < count; i++) points.push('histogram');
      continue;
    }
    const match = /^(.+?)(?:([+-][^+\-x]*(?:e[+-]\d+)?))?(?:x(\d+))?$/i.exec(item)!;
    const repeat = match[3] === undefined ? 0 : Number(match[3]);
    if (match[1] === '_' || match[1] === 'stale') {
      // Unlike values, `_x3` is three positions.
      const count = match[3] === undefined ? 1 : repeat;
      for (let i = 0; i < count; i++) points.push(match[1] === '_' ? 'absent' : 'stale');
      continue;
    }
    const isSequence = match[3] !== undefined && match[2] !== undefined;
    const start = parseNumber(isSequence ? match[1]! : item.replace(/x\d+$/, ''));
    const step = isSequence ? parseNumber(match[2]!) : 0;
    for (let i = 0; i <= repeat; i++) points.push(start + i * step);
  }
  return points;
}
