import { type ListenAddress, type Logger, RezolusError, sentence } from '@rezolus/core';
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
  readonly log: Logger;
}

/** Exporter: a running exporter. */
export interface Exporter extends AsyncDisposable {
  /** Base URL of the server, e.g. `http://127.0.0.1:4242`. */
  readonly address: string;
  /** close: stops serving, and polling where it does. Safe to call twice. */
  close(): Promise<void>;
}

/** serveMetrics: the HTTP server of an exporter. Throws REZ_ERR_LISTEN where the address cannot be had. */
export async function serveMetrics(options: ServeOptions): Promise<Exporter> {
  const { source, own, prometheus, listen, hosts, log } = options;
  const renderer = new Renderer(source, own, prometheusOptions(prometheus));
  const server = createServer({
    render: (exposition, scraper) => renderer.render(exposition, scraper),
    source,
    textOnly: prometheus.compatibility,
    hosts: [listen.host, ...hosts],
    failed: (error, path) => log.error({ err: error, path }, `request failed: ${sentence(error)}`),
  });
  const address = await server.listen(listen).catch((cause: unknown) => {
    throw new RezolusError('REZ_ERR_LISTEN', `cannot listen on ${shown(listen)}`, { cause });
  });
  const close = () => server.close();
  return { address, close, [Symbol.asyncDispose]: close };
}

function shown({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
