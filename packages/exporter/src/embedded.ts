import type { ListenAddress, Logger, Snapshot } from '@rezolus/core';
import type { PrometheusSection } from './config.ts';
import { OwnMetrics } from './own-metrics.ts';
import { type Exporter, serveMetrics } from './serve.ts';
import { noReading, type Poll, type Reading, type SnapshotSource } from './source.ts';

/** EmbeddedOptions: an exporter without a process of its own: the agent that it is in hands it snapshots. */
export interface EmbeddedOptions {
  readonly listen: ListenAddress;
  /** Names besides addresses, localhost and the hostname that scrapers may call this machine by. */
  readonly hosts: readonly string[];
  readonly webConfigFile: string;
  readonly prometheus: PrometheusSection;
  /** Metric name to sentence. */
  readonly descriptions: Readonly<Record<string, string>>;
  readonly log: Logger;
  /** snapshot: one that nobody changes; the same object while there is no newer one. */
  snapshot(): Promise<Snapshot>;
}

/** startEmbedded: serves the snapshots of this process to Prometheus. Throws REZ_ERR_LISTEN and REZ_ERR_CONFIG_*. */
export function startEmbedded(options: EmbeddedOptions): Promise<Exporter> {
  const own = new OwnMetrics();
  const source = new EmbeddedSource(options, (poll) => own.polled(poll));
  return serveMetrics({ ...options, source, own });
}

/** Who asks within this time gets the same reading: to write one out for Prometheus takes longer than to read it. */
const sharedMs = 100;

class EmbeddedSource implements SnapshotSource {
  readonly #options: EmbeddedOptions;
  readonly #polled: (poll: Poll) => void;
  #reading: Reading = noReading;
  #readMs = -Infinity;
  #pending: Promise<Reading> | null = null;

  constructor(options: EmbeddedOptions, polled: (poll: Poll) => void) {
    this.#options = options;
    this.#polled = polled;
  }

  async read(): Promise<Reading> {
    if (performance.now() - this.#readMs < sharedMs) return this.#reading;
    this.#pending ??= this.#read();
    return this.#pending;
  }

  async #read(): Promise<Reading> {
    try {
      const { descriptions } = this.#options;
      const startMs = performance.now();
      const snapshot = await this.#options.snapshot();
      this.#readMs = performance.now();
      const previous = this.#reading.snapshot;
      if (snapshot === previous) return this.#reading;
      this.#reading = { snapshot, previous, descriptions };
      this.#polled({ result: 'ok', seconds: (this.#readMs - startMs) / 1000, skipped: 0 });
      return this.#reading;
    } finally {
      this.#pending = null;
    }
  }
}
