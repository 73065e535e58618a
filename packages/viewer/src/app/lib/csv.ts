import type { RangeReply } from '../../contract.ts';
import { seriesNames } from './naming.ts';

/**
 * csvOf: an answer as comma-separated values (RFC 4180): a column of times (ISO 8601) and one per series; of buckets a
 * row per cell with the end of its bucket. A text that a spreadsheet would take for a formula has an apostrophe before it.
 */
export function csvOf(reply: RangeReply): string {
  if (reply.kind === 'buckets') {
    const rows = Array.from(reply.counts, (count, i) => {
      const time = instant(reply.times[reply.columns[i]!]!);
      return [time, reply.bounds[reply.rows[i]!]!, count].join(',');
    });
    return ['time,bucket_end,count', ...rows, ''].join('\r\n');
  }
  const names = seriesNames(reply.series.map(({ labels }) => labels));
  const columns = reply.series.map(
    ({ times, values }) => new Map(Array.from(times, (time, i) => [time, values[i]!] as const)),
  );
  const times = [...new Set(reply.series.flatMap(({ times: own }) => [...own]))].sort((a, b) => a - b);
  const rows = times.map((time) =>
    [instant(time), ...columns.map((column) => number(column.get(time)))].join(','),
  );
  return [['time', ...names.map(quote)].join(','), ...rows, ''].join('\r\n');
}

const instant = (ms: number) => new Date(ms).toISOString();
const number = (value: number | undefined) =>
  value === undefined || !Number.isFinite(value) ? '' : String(value);
const quote = (text: string) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
