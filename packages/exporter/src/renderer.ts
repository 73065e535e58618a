import type { Snapshot } from '@rezolus/core';
import {
  createEncoder,
  type Exposition,
  type PrometheusEncoder,
  type PrometheusOptions,
} from '@rezolus/exposition';
import type { OwnMetrics } from './own-metrics.ts';
import { Scrapers } from './scrapers.ts';
import type { Reading, SnapshotSource } from './source.ts';

/** Renderer: answers of `/metrics`. Scrapers that ask for the same of one reading share one body. */
export class Renderer {
  readonly #source: SnapshotSource;
  readonly #own: OwnMetrics;
  readonly #options: Omit<PrometheusOptions, 'descriptions'>;
  readonly #scrapers = new Scrapers();
  readonly #encoders = new Map<string, PrometheusEncoder>();
  #reading: Reading | null = null;
  readonly #bodies = new Map<string, Map<Snapshot | null, Promise<Buffer>>>();

  constructor(source: SnapshotSource, own: OwnMetrics, options: Omit<PrometheusOptions, 'descriptions'>) {
    this.#source = source;
    this.#own = own;
    this.#options = options;
  }

  /** render: the body for a scraper, known by `scraper`, that asked for `exposition`. */
  async render(exposition: Exposition, scraper: string): Promise<Buffer> {
    const reading = await this.#source.read();
    this.#own.scraped(exposition.format);
    if (reading !== this.#reading) {
      this.#bodies.clear();
      if (reading.descriptions !== this.#reading?.descriptions) this.#encoders.clear();
      this.#reading = reading;
    }
    const { snapshot, previous } = reading;
    const key = `${exposition.format}/${exposition.escaping}`;
    const encoder = this.#encoder(key, exposition, reading);
    const base =
      snapshot !== null && encoder.usesWindow ? this.#scrapers.baseFor(scraper, snapshot, previous) : null;
    const bodies = this.#bodies.get(key) ?? new Map<Snapshot | null, Promise<Buffer>>();
    this.#bodies.set(key, bodies);
    let body = bodies.get(base);
    if (body === undefined) {
      body = this.#render(encoder, snapshot, base);
      bodies.set(base, body);
    }
    return body;
  }

  async #render(
    encoder: PrometheusEncoder,
    snapshot: Snapshot | null,
    base: Snapshot | null,
  ): Promise<Buffer> {
    const counts = snapshot === null ? null : encoder.prepare(snapshot);
    const own = await this.#own.families(counts, snapshot);
    return encoder.encode(snapshot, base, own);
  }

  #encoder(key: string, exposition: Exposition, { descriptions }: Reading): PrometheusEncoder {
    let encoder = this.#encoders.get(key);
    if (encoder === undefined) {
      encoder = createEncoder(exposition, { ...this.#options, descriptions });
      this.#encoders.set(key, encoder);
    }
    return encoder;
  }
}
