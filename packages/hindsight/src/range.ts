import { parseDuration } from '@rezolus/core';

/** DumpRange: what a dump is asked to hold, ns since the epoch; a side that is left out is open. */
export interface DumpRange {
  readonly startNs?: bigint;
  readonly endNs?: bigint;
}

/** WrongRange: a sentence that says what is wrong with a range. */
export interface WrongRange {
  readonly wrong: string;
}

/**
 * parseRange: `last` (a duration before the newest row; wins) or `start` and `end` (seconds since the epoch or RFC 3339)
 * of a query. `newestNs` is the time of the newest row, null where there is none.
 */
export function parseRange(
  query: Readonly<Record<string, unknown>>,
  newestNs: bigint | null,
): DumpRange | WrongRange {
  for (const key of Object.keys(query)) {
    if (!['last', 'start', 'end'].includes(key)) return { wrong: `"${key}" is not last, start or end` };
    if (typeof query[key] !== 'string') return { wrong: `"${key}" is given more than once` };
  }
  const { last, start, end } = query as Readonly<Record<string, string>>;
  if (last !== undefined) {
    const ms = parseDuration(last);
    if (ms === null || !(ms > 0) || ms > 1e15)
      return { wrong: `last="${last}" is not a duration such as 30s or 5m` };
    return newestNs === null ? {} : { startNs: later(newestNs - BigInt(Math.round(ms * 1e6)), 0n) };
  }
  const startNs = start === undefined ? undefined : parseTime(start);
  const endNs = end === undefined ? undefined : parseTime(end);
  const example = 'a time such as 1700000000 or 2024-01-31T12:00:00Z';
  if (startNs === null) return { wrong: `start="${start}" is not ${example}` };
  if (endNs === null) return { wrong: `end="${end}" is not ${example}` };
  if (startNs !== undefined && endNs !== undefined && startNs > endNs) return { wrong: 'start is after end' };
  return { ...(startNs !== undefined && { startNs }), ...(endNs !== undefined && { endNs }) };
}

function parseTime(text: string): bigint | null {
  if (/^\d{1,10}(?:\.\d{1,9})?$/.test(text)) {
    const [seconds, fraction = ''] = text.split('.');
    return BigInt(seconds!) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  }
  // In a query a "+" that was not escaped is a space.
  const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[ +-]\d\d:\d\d)$/;
  const ms = rfc3339.test(text) ? Date.parse(text.replace(' ', '+')) : Number.NaN;
  return Number.isNaN(ms) || ms < 0 ? null : BigInt(ms) * 1_000_000n;
}

const later = (a: bigint, b: bigint) => (a > b ? a : b);
