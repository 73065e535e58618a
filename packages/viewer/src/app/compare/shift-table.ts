import type { Shift } from '../../contract.ts';

/** ShiftColumn: what the table of shifts can be sorted by. */
export type ShiftColumn = 'size' | 'title' | 'median' | 'p99' | 'effect';

/** changeOf: the relative change from a base; null where it is from nothing or of nothing. */
export function changeOf(base: number | undefined, other: number | undefined): number | null {
  if (base === undefined || other === undefined || !Number.isFinite(base) || !Number.isFinite(other))
    return null;
  if (base === other) return 0;
  return base === 0 ? null : (other - base) / Math.abs(base);
}

/** formatChange: `+12 %`, `−3.4 %`, `×25` for what grew a lot; a dash where there is none. */
export function formatChange(change: number | null): string {
  if (change === null) return '–';
  if (change >= 9) return `×${Number((change + 1).toPrecision(3)).toLocaleString('en')}`;
  const percent = Math.abs(change * 100);
  const text = percent >= 99.5 ? percent.toFixed(0) : String(Number(percent.toPrecision(2)));
  return `${change < 0 ? '−' : '+'}${text} %`;
}

/**
 * sortShifts: those whose title has all words of `filter`, by a column, largest change first; `size` keeps the order of
 * the server.
 */
export function sortShifts(shifts: readonly Shift[], by: ShiftColumn, filter: string): Shift[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const found = shifts.filter(({ title, section = '' }) => {
    const text = `${title} ${section}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  if (by === 'size') return found;
  if (by === 'title') return found.sort((a, b) => a.title.localeCompare(b.title));
  const size = ({ effect, base, other }: Shift) => {
    if (by === 'effect') return Math.abs(effect);
    const change = changeOf(base?.[by], other?.[by]);
    return change === null ? -1 : Math.abs(change);
  };
  return found.sort((a, b) => size(b) - size(a));
}
