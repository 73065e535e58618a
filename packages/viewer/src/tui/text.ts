const levels = '▁▂▃▄▅▆▇█';

/** printable: `text` of a stranger for a terminal: control and direction characters, which could move its cursor, are dots. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, '·');
}

/** fit: `text` cut or filled up to `width` columns. Wide characters count as one: none of ours is. */
export function fit(text: string, width: number): string {
  const chars = [...printable(text)];
  if (chars.length <= width) return chars.join('') + ' '.repeat(width - chars.length);
  return width < 1 ? '' : `${chars.slice(0, width - 1).join('')}…`;
}

/** between: `left` and `right` at the ends of a line of `width` columns; where both do not fit, `left` is cut. */
export function between(left: string, right: string, width: number): string {
  const end = fit(right, Math.min([...right].length, width));
  return fit(left, width - [...end].length) + end;
}

/**
 * bars: `values` (NaN = nothing) as `height` lines of one character each, from none to `top`; the highest line first. What
 * is above none shows at least the lowest level.
 */
export function bars(values: readonly number[], top: number, height: number): string[] {
  const steps = levels.length;
  return Array.from({ length: height }, (_, row) => {
    const below = (height - 1 - row) * steps;
    return values
      .map((value) => {
        if (!Number.isFinite(value)) return ' ';
        const level = top > 0 ? Math.round((Math.max(0, value) / top) * steps * height) : 0;
        const here = Math.min(steps, Math.max(value > 0 ? 1 : 0, level) - below);
        return here > 0 ? levels[here - 1]! : ' ';
      })
      .join('');
  });
}

/**
 * columnsOf: a series as `width` columns over [start, end]: each the largest value in it, so that no spike is lost; a
 * column without a point repeats the one before where that is nearer than `reach` ms.
 */
export function columnsOf(
  { times, values, max }: { times: Float64Array; values: Float64Array; max?: Float64Array },
  { start, end }: { start: number; end: number },
  width: number,
  reach: number,
): number[] {
  const columns: number[] = new Array(width).fill(Number.NaN);
  const size = (end - start) / width;
  for (let i = 0; i < times.length; i++) {
    const value = max?.[i] ?? values[i]!;
    const at = Math.min(width - 1, Math.floor((times[i]! - start) / size));
    if (!Number.isFinite(value) || at < 0) continue;
    columns[at] = Number.isNaN(columns[at]) ? value : Math.max(columns[at]!, value);
  }
  const gap = Math.ceil(reach / size);
  let since = gap + 1;
  for (let i = 1; i < width; i++) {
    since = Number.isNaN(columns[i]) ? since + 1 : 0;
    if (since > 0 && since <= gap) columns[i] = columns[i - 1]!;
  }
  return columns;
}
