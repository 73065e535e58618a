import type { Labels, Snapshot } from '@rezolus/core';

/** EndpointFacts: what an endpoint says of itself once; each part is left out where it does not. */
export interface EndpointFacts {
  /** JSON, verbatim. */
  readonly systeminfo?: string;
  /** JSON `{metric: sentence}`, verbatim. */
  readonly descriptions?: string;
  /** JSON `[SamplerStatus]`, verbatim. */
  readonly samplers?: string;
}

/** Endpoint: where snapshots come from: an agent, later also a Prometheus target. */
export interface Endpoint extends Disposable {
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
}
