import type { Snapshot } from '@rezolus/core';
import {
  createEncoder,
  type Exposition,
  type PrometheusEncoder,
  type PrometheusOptions,
} from '@rezolus/exposition';
import type { OwnMetrics } from './own-metrics.ts';
import type { AgentPoller } from './poller.ts';
import { Scrapers } from './scrapers.ts';

/** Source: what the poller knows. */
export type Source = Pick<AgentPoller, 'snapshot' | 'previous' | 'sequence' | 'descriptions'>;

/** Renderer: answers of `/metrics`. Scrapers that ask for the same between two polls share one body. */
export class Renderer {
  readonly #source: Source;
  readonly #own: OwnMetrics;
  readonly #options: Omit<PrometheusOptions, 'descriptions'>;
  readonly #scrapers = new Scrapers();
  #encoders = new Map<string, PrometheusEncoder>();
  #descriptions: Source['descriptions'] | null = null;
  #sequence = -1;
  #bodies = new Map<string, Map<Snapshot | null, Promise<Buffer>>>();

  constructor(source: Source, own: OwnMetrics, options: Omit<PrometheusOptions, 'descriptions'>) {
    this.#source = source;
    this.#own = own;
    this.#options = options;
  }

  /** render: the body for a scraper, known by `scraper`, that asked for `exposition`. */
  render(exposition: Exposition, scraper: string): Promise<Buffer> {
    const { snapshot, previous, sequence } = this.#source;
    this.#own.scraped(exposition.format);
    if (sequence !== this.#sequence) {
      this.#bodies.clear();
      this.#sequence = sequence;
    }
    const key = `${exposition.format}/${exposition.escaping}`;
    const encoder = this.#encoder(key, exposition);
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

  #encoder(key: string, exposition: Exposition): PrometheusEncoder {
    const { descriptions } = this.#source;
    if (descriptions !== this.#descriptions) {
      this.#encoders = new Map();
      this.#descriptions = descriptions;
    }
    let encoder = this.#encoders.get(key);
    if (encoder === undefined) {
      encoder = createEncoder(exposition, { ...this.#options, descriptions });
      this.#encoders.set(key, encoder);
    }
    return encoder;
  }
}
