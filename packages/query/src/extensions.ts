import { limitError, parseError } from './position.ts';

/**
 * Desugared: a query in the official grammar, as long as the original so that positions stay valid, and what was
 * hidden in it: names of functions that the grammar does not know (or gives no `by`) and array literals, by offset.
 */
export interface Desugared {
  readonly text: string;
  readonly calls: ReadonlyMap<number, string>;
  readonly arrays: ReadonlyMap<number, readonly number[]>;
}

/** tickFunctions: functions over the buckets a histogram gained per step, by name in the query. */
export const tickFunctions = {
  histogram_quantiles: 'quantiles',
  histogram_percentiles: 'quantiles',
  histogram_heatmap: 'heatmap',
  histogram_mean: 'mean',
  histogram_sum: 'sum',
  histogram_count: 'count',
  histogram_irate: 'irate',
} as const;

/** Deeper brackets than this would overflow the parser's own stack, which it reports as an error in the wrong place. */
const maxNesting = 200;

const callNames: ReadonlySet<string> = new Set([...Object.keys(tickFunctions), 'min_of', 'max_of']);
const isCall = /(?:\s|#[^\n]*\n)*(?:\(|(?:by|without)\b)/iy;
const token =
  /(?<space>\s+|#[^\n]*)|(?<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)|(?<name>[A-Za-z_:][A-Za-z0-9_:]*)|(?<dot>\d[\d_]*\.(?![\w.]))|(?<number>\d\w*(?:\.\w*)?)|(?<other>[\s\S])/y;

/**
 * desugar: hides what goes beyond the official grammar. A call of one of ours becomes `sum` padded with blanks, which
 * takes any arguments and a `by`; `[0.5, 0.9]` where no range can stand becomes a string of the same length; `2.`
 * loses its dot. Linear in the length. Throws REZ_ERR_QUERY_PARSE for an array of anything but numbers.
 */
export function desugar(query: string): Desugared {
  const calls = new Map<number, string>();
  const arrays = new Map<number, readonly number[]>();
  const parts: string[] = [];
  let previous = '';
  let brackets = 0;
  let nesting = 0;
  token.lastIndex = 0;
  while (token.lastIndex < query.length) {
    const offset = token.lastIndex;
    const groups = token.exec(query)!.groups!;
    const end = token.lastIndex;
    let text = query.slice(offset, end);
    if (groups.space === undefined) {
      if (text === '(' || text === '[' || text === '{') nesting++;
      else if (text === ')' || text === ']' || text === '}') nesting--;
      if (nesting > maxNesting) throw limitError(`the query has more than ${maxNesting} nested brackets`);
      const opensArray = text === '[' && (previous === '(' || previous === ',');
      if (opensArray) {
        const close = query.indexOf(']', offset);
        if (close < 0) throw parseError(query, offset, 'unclosed array');
        arrays.set(offset, numbers(query, offset + 1, close));
        text = `\`${query.slice(offset + 1, close)}\``;
        token.lastIndex = close + 1;
        nesting--;
      } else if (text === '[') brackets++;
      else if (text === ']') brackets--;
      else if (groups.dot !== undefined) text = `${text.slice(0, -1)} `;
      else if (
        groups.name !== undefined &&
        callNames.has(text) &&
        brackets === 0 &&
        precedesCall(query, end)
      ) {
        calls.set(offset, text);
        text = 'sum'.padEnd(text.length);
      }
      previous = opensArray ? ']' : text;
    }
    parts.push(text);
  }
  return { text: parts.join(''), calls, arrays };
}

function precedesCall(query: string, offset: number): boolean {
  isCall.lastIndex = offset;
  return isCall.test(query);
}

function numbers(query: string, from: number, to: number): number[] {
  const body = query.slice(from, to);
  if (body.trim() === '') return [];
  return body.split(',').map((item) => {
    const text = item.trim();
    const value = Number(text);
    if (text === '' || !/^[-+0-9.eE]+$/.test(text) || Number.isNaN(value))
      throw parseError(query, from, `an array holds numbers, found "${text.slice(0, 40)}"`);
    return value;
  });
}
