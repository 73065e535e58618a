import type { Labels, Snapshot } from '@rezolus/core';
import type { Exposition } from '../prometheus/parse.ts';

/** EndpointFacts: what an agent says of itself once; each part is left out where it does not. */
export interface EndpointFacts {
  /** JSON, verbatim. */
  readonly systeminfo?: string;
  /** JSON `{metric: sentence}`, verbatim. */
  readonly descriptions?: string;
  /** JSON `[SamplerStatus]`, verbatim. */
  readonly samplers?: string;
}

/** Endpoint: a Rezolus agent that answered. */
export interface Endpoint extends Disposable {
  readonly protocol: 'msgpack';
  /** Name of what is measured, `rezolus` for an agent: the label `source` and the file key of that name. */
  readonly source: string;
  /** Labels that every series gets. */
  readonly labels: Labels;
  readonly facts: EndpointFacts;
  /**
   * scrape: the snapshot of now. Throws REZ_ERR_ENDPOINT_UNREACHABLE, REZ_ERR_ENDPOINT_RESPONSE or
   * REZ_ERR_SNAPSHOT_FORMAT; the reason of the signal where that aborts.
   */
  scrape(timeoutMs: number, signal: AbortSignal): Promise<Snapshot>;
  /** scrapeRaw: the same with the bytes that the agent sent. */
  scrapeRaw(timeoutMs: number, signal: AbortSignal): Promise<{ snapshot: Snapshot; body: Uint8Array }>;
  /** startedMs: when the agent began, ms since the epoch; undefined where it does not say. */
  startedMs(signal: AbortSignal): Promise<number | undefined>;
}

/** PrometheusEndpoint: a Prometheus target that answered. */
export interface PrometheusEndpoint extends Disposable {
  readonly protocol: 'prometheus';
  readonly source: string;
  readonly labels: Labels;
  /** scrape: its metrics of now. Throws REZ_ERR_ENDPOINT_UNREACHABLE or REZ_ERR_ENDPOINT_RESPONSE. */
  scrape(timeoutMs: number, signal: AbortSignal): Promise<Exposition>;
}
