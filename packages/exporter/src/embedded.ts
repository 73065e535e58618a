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

class EmbeddedSource implements SnapshotSource {
  readonly #options: EmbeddedOptions;
  readonly #polled: (poll: Poll) => void;
  #reading: Reading = noReading;

  constructor(options: EmbeddedOptions, polled: (poll: Poll) => void) {
    this.#options = options;
    this.#polled = polled;
  }

  async read(): Promise<Reading> {
    const startMs = performance.now();
    const snapshot = await this.#options.snapshot();
    const previous = this.#reading.snapshot;
    if (snapshot !== previous) {
      this.#reading = { snapshot, previous, descriptions: this.#options.descriptions };
      this.#polled({ result: 'ok', seconds: (performance.now() - startMs) / 1000, skipped: 0 });
    }
    return this.#reading;
  }
}
