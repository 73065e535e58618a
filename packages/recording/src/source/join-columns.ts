import type { FloatData, ScalarData } from '../reader/data.ts';

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
