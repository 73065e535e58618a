import type { RangeReply, UnitSystem } from '../../contract.ts';
import { seriesNames } from './naming.ts';
import { summarize } from './series.ts';
import type { Window } from './zoom.ts';

/** Position: a place in a query, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** positionOf: the `line:column:` that an error message about a query starts with or names; null where it names none. */
export function positionOf(message: string): Position | null {
  const match = /(?:^|\s)(\d{1,5}):(\d{1,5}):/.exec(message);
  return match ? { line: Number(match[1]), column: Number(match[2]) } : null;
}

/** markedLine: the line of `query` at `position`, and a caret below the column. Null where there is no such line. */
export function markedLine(
  query: string,
  { line, column }: Position,
): { text: string; caret: string } | null {
  const text = query.split('\n')[line - 1];
  if (text === undefined || column < 1 || column > text.length + 1) return null;
  return { text, caret: `${' '.repeat(column - 1)}^` };
}

/** offsetOf: `position` as an index into `query`. */
export function offsetOf(query: string, { line, column }: Position): number {
  const before = query.split('\n').slice(0, line - 1);
  return before.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
}

/** guessUnit: the unit that a query most likely answers in, by the names in it. */
export function guessUnit(query: string): UnitSystem {
  const rate = /\b(i?rate|histogram_irate)\s*\(/.test(query);
  if (/\bhistogram_(quantiles?|heatmap|mean|sum)\b/.test(query)) return /size/.test(query) ? 'bytes' : 'time';
  if (/_bytes|^memory_|\bmemory_/.test(query)) return rate ? 'datarate' : 'bytes';
  return rate ? 'rate' : 'count';
}

/** ResultRow: one series of an answer in numbers. */
export interface ResultRow {
  readonly name: string;
  readonly labels: string;
  readonly last: number;
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

/** resultRows: the first `limit` series of a lines answer, by their mean, largest first. */
export function resultRows(reply: RangeReply, window: Window, limit: number): ResultRow[] {
  if (reply.kind !== 'lines') return [];
  const names = seriesNames(reply.series.map(({ labels }) => labels));
  const rows = reply.series.flatMap((series, i) => {
    const summary = summarize(series, window);
    if (!summary) return [];
    const labels = Object.entries(series.labels)
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      .join(', ');
    const last = series.values.findLast((value) => Number.isFinite(value))!;
    return [{ name: names[i]!, labels: `{${labels}}`, last, ...summary }];
  });
  return rows.sort((a, b) => b.mean - a.mean).slice(0, limit);
}
