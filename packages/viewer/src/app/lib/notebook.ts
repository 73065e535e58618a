import type { Plot } from '../../contract.ts';
import { unitSystems } from './units.ts';

/** Entry: a pinned plot and what is to be said about it, in Markdown. */
export interface Entry {
  readonly plot: Plot;
  readonly note: string;
}

/** Notes: a notebook: a title, text in Markdown, and pinned plots. */
export interface Notes {
  readonly title: string;
  readonly text: string;
  readonly entries: readonly Entry[];
}

/** blank: a notebook without anything. */
export const blank: Notes = { title: 'Notebook', text: '', entries: [] };

const most = 100;
const styles: readonly string[] = ['line', 'lines', 'heatmap', 'percentiles', 'auto'];
const textOf = (value: unknown, limit: number) => (typeof value === 'string' ? value.slice(0, limit) : '');

/** parseNotes: the notebook in a JSON text, which may come from strangers; null where it is none. */
export function parseNotes(json: string): Notes | null {
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch {
    return null;
  }
  const { title, text, entries } = (document ?? {}) as Record<string, unknown>;
  if (!Array.isArray(entries) || entries.length > most) return null;
  const parsed = entries.map((entry) => entryOf(entry));
  if (parsed.includes(null)) return null;
  return {
    title: textOf(title, 200) || blank.title,
    text: textOf(text, 50_000),
    entries: parsed as Entry[],
  };
}

function entryOf(entry: unknown): Entry | null {
  const { plot, note } = (entry ?? {}) as Record<string, unknown>;
  const { id, title, style, unit, query } = (plot ?? {}) as Record<string, unknown>;
  if (typeof query !== 'string' || query === '' || query.length > 4000) return null;
  if (!styles.includes(style as string) || !unitSystems.includes(unit as Plot['unit'])) return null;
  return {
    plot: {
      id: textOf(id, 100) || 'plot',
      title: textOf(title, 300) || query,
      style: style as Plot['style'],
      unit: unit as Plot['unit'],
      query,
      width: 'full',
    },
    note: textOf(note, 20_000),
  };
}

/** packNotes: a notebook as text for a link; {@link unpackNotes} gives it back. */
export function packNotes(notes: Notes): string {
  const bytes = new TextEncoder().encode(JSON.stringify(notes));
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** unpackNotes: the notebook of a link, null where there is none. */
export function unpackNotes(text: string): Notes | null {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
      c.charCodeAt(0),
    );
    return parseNotes(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
