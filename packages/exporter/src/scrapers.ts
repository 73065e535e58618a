import type { Snapshot } from '@rezolus/core';

interface Scraper {
  /** What its last scrape was answered from. */
  current: Snapshot;
  /** Where the window of that answer began. */
  base: Snapshot | null;
}

/** Scrapers: where the quantile window of each scraper begins: at its own last scrape, whatever others do. */
export class Scrapers {
  readonly #scrapers = new Map<string, Scraper>();
  readonly #limit: number;

  /** `limit` scrapers are known; the one that was away longest goes first. */
  constructor(limit = 64) {
    this.#limit = limit;
  }

  /**
   * baseFor: the snapshot that the window of this scrape begins at. A second scrape of the same snapshot gets the same
   * window; the first one of a scraper gets `previous`, so the last polling interval.
   */
  baseFor(scraper: string, snapshot: Snapshot, previous: Snapshot | null): Snapshot | null {
    const known = this.#scrapers.get(scraper);
    if (known?.current === snapshot) return known.base;
    const base = known?.current ?? previous;
    this.#scrapers.delete(scraper);
    this.#scrapers.set(scraper, { current: snapshot, base });
    const [oldest] = this.#scrapers.keys();
    if (this.#scrapers.size > this.#limit) this.#scrapers.delete(oldest!);
    // What an old answer rested on is not needed any more.
    if (known !== undefined) known.base = null;
    return base;
  }
}
