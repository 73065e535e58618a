import type { FloatColumn } from '@rezolus/query';
import { wordsOf } from '../parquet/bytes.ts';
import type { FloatData, ScalarData } from '../reader/data.ts';

/** firstValue: the first value of a row group, or null where it has none. */
export function firstValue({ values, valid }: ScalarData): bigint | null {
  const row = valid === null ? 0 : valid.indexOf(1);
  return values[row] ?? null;
}

/**
 * asDoubles: columns of one series as one: a series of a Prometheus endpoint goes on in a column of doubles from its
 * first value on that is no integer.
 */
export function asDoubles(columns: readonly (ScalarData | FloatData)[]): FloatData {
  const rows = columns[0]!.values.length;
  const values = new Float64Array(rows);
  const valid = new Uint8Array(rows);
  for (const column of columns) {
    for (let row = 0; row < rows; row++) {
      if (valid[row] === 1 || column.valid?.[row] === 0) continue;
      values[row] = Number(column.values[row]);
      valid[row] = 1;
    }
  }
  return { kind: 'float', values, valid: valid.includes(0) ? valid : null };
}

/**
 * scalarPart: the kept rows of one row group as a column, relative to `base` (0 for doubles). `times` covers the rows of
 * the group; where all are kept the column shares it.
 */
export function scalarPart(
  kind: 'counter' | 'gauge',
  data: ScalarData | FloatData,
  times: Float64Array,
  kept: Uint8Array | null,
  base: bigint,
): FloatColumn {
  const all = data.kind === 'float' ? data.values : relative(data, base);
  if (data.valid === null && kept === null) return { kind, times, values: all, base };
  const values = new Float64Array(times.length);
  const ownTimes = new Float64Array(times.length);
  let count = 0;
  for (let row = 0; row < times.length; row++) {
    if (data.valid?.[row] === 0 || kept?.[row] === 0) continue;
    values[count] = all[row]!;
    ownTimes[count] = times[row]!;
    count++;
  }
  return { kind, times: ownTimes.slice(0, count), values: values.slice(0, count), base };
}

/** relative: values minus the base, exact where that is below 2^53. */
function relative({ kind, values }: ScalarData, base: bigint): Float64Array {
  const words = wordsOf(values);
  const baseLow = Number(BigInt.asUintN(32, base));
  const baseHigh = Number(base >> 32n);
  const result = new Float64Array(values.length);
  for (let row = 0; row < result.length; row++) {
    const high = kind === 'signed' ? words[2 * row + 1]! | 0 : words[2 * row + 1]!;
    result[row] = (high - baseHigh) * 2 ** 32 + (words[2 * row]! - baseLow);
  }
  return result;
}

/**
 * joinScalars: parts that follow each other in time; those with rows have one base. Where every row of `times`, the
 * times they cover, has a value, the column shares it.
 */
export function joinScalars(parts: readonly FloatColumn[], times: Float64Array): FloatColumn {
  const { kind, base } = parts.find((part) => part.times.length > 0) ?? parts[0]!;
  const count = parts.reduce((sum, part) => sum + part.times.length, 0);
  const values = new Float64Array(count);
  const shared = count === times.length;
  const joined = shared ? times : new Float64Array(count);
  let at = 0;
  for (const part of parts) {
    values.set(part.values, at);
    if (!shared) joined.set(part.times, at);
    at += part.times.length;
  }
  return { kind, times: joined, values, base };
}
