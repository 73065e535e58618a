import { type ListenAddress, RezolusError, sentence } from '@rezolus/core';
import { destination, type Logger as Pino, pino } from 'pino';
import { type ExporterConfig, prometheusOptions } from './config.ts';
import { OwnMetrics } from './own-metrics.ts';
import { AgentPoller } from './poller.ts';
import { otlp, remoteWrite } from './push/formats.ts';
import { Push } from './push/push.ts';
import { Renderer } from './renderer.ts';
import { createServer } from './server.ts';
import { version } from './version.ts';

/** ExporterOptions: the configuration and where to log. */
export interface ExporterOptions {
  readonly config: ExporterConfig;
  /** Default: JSON lines on stderr at the level of the configuration. */
  readonly logger?: Pino;
}

/** Exporter: a running exporter. */
export interface Exporter extends AsyncDisposable {
  /** Base URL of the server, e.g. `http://127.0.0.1:4242`. */
  readonly address: string;
  /** close: stops the server and the polling. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * startExporter: polls an agent and serves its metrics to Prometheus. An agent that is away is a metric, no error;
 * throws REZ_ERR_CONFIG_* for a bad configuration and REZ_ERR_LISTEN where the address cannot be had.
 */
export async function startExporter(options: ExporterOptions): Promise<Exporter> {
  const { config } = options;
  const log = options.logger ?? pino({ level: config.log.level, base: null }, destination(2));
  const { listen, source, interval, hosts } = config.general;
  const own = new OwnMetrics();
  const poller = new AgentPoller({
    source: new URL(source),
    intervalMs: interval,
    log,
    polled: (poll) => own.polled(poll),
  });
  const prometheus = prometheusOptions(config);
  const renderer = new Renderer(poller, own, prometheus);
  const pushes: Push[] = [];
  if (config.remote_write.url !== '') {
    pushes.push(new Push(config.remote_write, remoteWrite(config.remote_write, prometheus), own, log));
  }
  const server = createServer({
    render: (exposition, scraper) => renderer.render(exposition, scraper),
    source: poller,
    textOnly: config.prometheus.compatibility,
    hosts: [listen.host, ...hosts],
    failed: (error, path) => log.error({ err: error, path }, `request failed: ${sentence(error)}`),
  });
  if (config.otlp.url !== '') pushes.push(new Push(config.otlp, otlp(config.otlp, prometheus), own, log));
  const stop = new AbortController();
  const running = Promise.all([
    poller.run(stop.signal),
    ...pushes.map((push) => push.run(poller, stop.signal)),
  ]);
  const address = await server.listen(listen).catch(async (cause: unknown) => {
    stop.abort();
    await running;
    throw new RezolusError('REZ_ERR_LISTEN', `cannot listen on ${shown(listen)}`, { cause });
  });
  log.info({ version, address, source }, 'listening');
  const close = async () => {
    stop.abort();
    await Promise.all([server.close(), running]);
  };
  return { address, close, [Symbol.asyncDispose]: close };
}

function shown({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
