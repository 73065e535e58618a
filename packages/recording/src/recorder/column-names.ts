import type { ColumnKind } from '../parquet/layout.ts';

/** ColumnNames: gives out column names that are unique in a file, after a prefix (`<node>::`) where there are several endpoints. */
export class ColumnNames {
  readonly #used: Set<string>;
  readonly #prefix: string;

  constructor(used: Set<string> = new Set(['timestamp', 'duration']), prefix = '') {
    this.#used = used;
    this.#prefix = prefix;
  }

  /** unique: the name itself, or one that ends in `~2`, `~3`, …; histograms end in `:buckets`. */
  unique(kind: ColumnKind, name: string): string {
    const full = (base: string) => `${this.#prefix}${base}${kind === 'histogram' ? ':buckets' : ''}`;
    let unique = full(name);
    for (let n = 2; this.#used.has(unique); n++) unique = full(`${name}~${n}`);
    this.#used.add(unique);
    return unique;
  }
}
