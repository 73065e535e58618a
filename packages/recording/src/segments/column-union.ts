import type { ColumnSpec } from '../parquet/layout.ts';
import type { RecordingColumn } from '../reader/columns.ts';
import { ColumnNames } from '../recorder/column-names.ts';

/** ColumnUnion: the columns of several recordings, each once. */
export class ColumnUnion {
  readonly columns: ColumnSpec[];
  readonly #known = new Map<string, number>();
  readonly #names = new ColumnNames();

  /** `first` are the columns that come before all others. */
  constructor(first: readonly ColumnSpec[]) {
    this.columns = [...first];
    for (const [column, { kind }] of first.entries()) this.#known.set(kind, column);
  }

  /** of: the number of a column; those of the same kind and metadata have the same. */
  of({ kind, float, name, metadata }: RecordingColumn): number {
    if (kind === 'other') throw new RangeError(`column ${name} is not a series`);
    const time = kind === 'timestamp' || kind === 'duration';
    const key = time ? kind : identity([kind, float === true], metadata);
    let column = this.#known.get(key);
    if (column === undefined) {
      const unique = this.#names.unique(kind, name.replace(/:buckets$/, ''));
      column = this.columns.push({ name: unique, kind, metadata, ...(float === true && { float }) }) - 1;
      this.#known.set(key, column);
    }
    return column;
  }
}

function identity(type: readonly unknown[], metadata: Readonly<Record<string, string>>): string {
  return JSON.stringify([...type, ...Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
