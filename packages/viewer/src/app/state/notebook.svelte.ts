import type { Plot } from '../../contract.ts';
import { blank, type Entry, type Notes, parseNotes } from '../lib/notebook.ts';

const key = 'rezolus-notebook';

/** Notebook: the reader's own notes, kept by the browser. */
class Notebook {
  notes = $state.raw<Notes>(restore());

  /** has: whether a plot of this query is pinned. */
  has(query: string): boolean {
    return this.notes.entries.some(({ plot }) => plot.query === query);
  }

  /** toggle pins a plot, or takes it away. */
  toggle(plot: Plot): void {
    const { entries } = this.notes;
    const others = entries.filter((entry) => entry.plot.query !== plot.query);
    this.change({ entries: this.has(plot.query) ? others : [...others, { plot, note: '' }] });
  }

  /** note sets the text of an entry. */
  note(at: number, note: string): void {
    this.change({ entries: this.notes.entries.map((entry, i) => (i === at ? { ...entry, note } : entry)) });
  }

  /** move puts an entry one place earlier or later. */
  move(at: number, by: -1 | 1): void {
    const entries: Entry[] = [...this.notes.entries];
    const [entry] = entries.splice(at, 1);
    if (entry) entries.splice(Math.max(0, at + by), 0, entry);
    this.change({ entries });
  }

  /** change replaces parts of the notebook. */
  change(changes: Partial<Notes>): void {
    this.notes = { ...this.notes, ...changes };
    try {
      localStorage.setItem(key, JSON.stringify(this.notes));
    } catch {
      // A browser that keeps nothing still shows the notes until it is closed.
    }
  }
}

function restore(): Notes {
  try {
    return parseNotes(localStorage.getItem(key) ?? '') ?? blank;
  } catch {
    return blank;
  }
}

/** notebook: the notebook of this browser. */
export const notebook = new Notebook();
