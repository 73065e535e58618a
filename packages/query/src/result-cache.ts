import type { VectorValue } from './values.ts';

/** ResultCache: values of parts of queries by key, the least recently used dropped above `maxBytes`. */
export class ResultCache {
  readonly #maxBytes: number;
  /** In the order of use. */
  readonly #entries = new Map<string, { readonly value: VectorValue; readonly bytes: number }>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(key: string): VectorValue | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** set: keeps a value of doubles, unless it takes more than a quarter of the cache; histograms are not kept. */
  set(key: string, value: VectorValue): void {
    if (value.series.some(({ histograms }) => histograms !== null)) return;
    const bytes = value.series.reduce((sum, each) => sum + 200 + 9 * each.present.length, key.length + 100);
    if (bytes > this.#maxBytes / 4) return;
    this.#bytes += bytes - (this.#entries.get(key)?.bytes ?? 0);
    this.#entries.delete(key);
    this.#entries.set(key, { value, bytes });
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#entries.delete(oldest);
      this.#bytes -= entry.bytes;
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}
