import { type ListenAddress, type Logger, listenHosts, sentence } from '@rezolus/core';
import { FrontDoor } from '@rezolus/core/http';
import { type PrometheusSection, prometheusOptions } from './config.ts';
import type { OwnMetrics } from './own-metrics.ts';
import { Renderer } from './renderer.ts';
import { createServer } from './server.ts';
import type { SnapshotSource } from './source.ts';

/** ServeOptions: what is served, how and where. */
export interface ServeOptions {
  readonly source: SnapshotSource;
  readonly own: OwnMetrics;
  readonly prometheus: PrometheusSection;
  readonly listen: ListenAddress;
  readonly hosts: readonly string[];
  /** Who may come in, see `FrontDoor`; empty = everybody. */
  readonly webConfigFile: string;
  readonly log: Logger;
}

/** Exporter: a running exporter. */
export interface Exporter extends AsyncDisposable {
  /** Base URL of the server, e.g. `http://127.0.0.1:4242`. */
  readonly address: string;
  /** close: stops serving, and polling where it does. Safe to call twice. */
  close(): Promise<void>;
}

/** serveMetrics: the HTTP server of an exporter. Throws REZ_ERR_LISTEN and REZ_ERR_CONFIG_*. */
export async function serveMetrics(options: ServeOptions): Promise<Exporter> {
  const { source, own, prometheus, listen, hosts, webConfigFile, log } = options;
  const door = await FrontDoor.open({ webConfigFile, log, maxConnections: 2048, idleMs: 30_000 });
  const renderer = new Renderer(source, own, prometheusOptions(prometheus));
  const server = createServer({
    door,
    render: (exposition, scraper) => renderer.render(exposition, scraper),
    source,
    textOnly: prometheus.compatibility,
    hosts: [...listenHosts(listen), ...hosts],
    failed: (error, path) => log.error({ err: error, path }, `request failed: ${sentence(error)}`),
  });
  const address = await door.listen(server, listen);
  const close = () => server.close();
  return { address, close, [Symbol.asyncDispose]: close };
}
