import type { FloatColumn } from '@rezolus/query';
import { wordsOf } from '../parquet/bytes.ts';
import type { ScalarData } from '../reader/data.ts';

/** firstValue: the first value of a row group, or null where it has none. */
export function firstValue({ values, valid }: ScalarData): bigint | null {
  const row = valid === null ? 0 : valid.indexOf(1);
  return values[row] ?? null;
}

/**
 * scalarPart: the kept rows of one row group as a column, relative to `base`. `times` covers the rows of the group;
 * where all are kept the column shares it.
 */
export function scalarPart(
  data: ScalarData,
  times: Float64Array,
  kept: Uint8Array | null,
  base: bigint,
): FloatColumn {
  const signed = data.kind === 'signed';
  const words = wordsOf(data.values);
  const baseLow = Number(BigInt.asUintN(32, base));
  const baseHigh = Number(base >> 32n);
  const values = new Float64Array(times.length);
  const shared = data.valid === null && kept === null;
  const ownTimes = shared ? times : new Float64Array(times.length);
  let count = 0;
  for (let row = 0; row < times.length; row++) {
    if (!shared && (data.valid?.[row] === 0 || kept?.[row] === 0)) continue;
    const high = signed ? words[2 * row + 1]! | 0 : words[2 * row + 1]!;
    values[count] = (high - baseHigh) * 2 ** 32 + (words[2 * row]! - baseLow);
    if (!shared) ownTimes[count] = times[row]!;
    count++;
  }
  return {
    kind: signed ? 'gauge' : 'counter',
    times: shared ? times : ownTimes.slice(0, count),
    values: shared ? values : values.slice(0, count),
    base,
  };
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
