import { destination, type Logger as Pino, pino } from 'pino';
import { type ExporterConfig, prometheusOptions } from './config.ts';
import { OwnMetrics } from './own-metrics.ts';
import { AgentPoller } from './poller.ts';
import { otlp, remoteWrite } from './push/formats.ts';
import { Push } from './push/push.ts';
import { type Exporter, serveMetrics } from './serve.ts';
import { version } from './version.ts';

/** ExporterOptions: the configuration and where to log. */
export interface ExporterOptions {
  readonly config: ExporterConfig;
  /** Default: JSON lines on stderr at the level of the configuration. */
  readonly logger?: Pino;
}

/**
 * startExporter: polls an agent and serves its metrics to Prometheus. An agent that is away is a metric, no error;
 * throws REZ_ERR_CONFIG_* for a bad configuration and REZ_ERR_LISTEN where the address cannot be had.
 */
export async function startExporter(options: ExporterOptions): Promise<Exporter> {
  const { config } = options;
  const log = options.logger ?? pino({ level: config.log.level, base: null }, destination(2));
  const { listen, source, interval, hosts } = config.general;
  const { web_config_file: webConfigFile, http_config_file: httpConfigFile } = config.general;
  const own = new OwnMetrics();
  const poller = new AgentPoller({
    source: new URL(source),
    httpConfigFile,
    intervalMs: interval,
    log,
    polled: (poll) => own.polled(poll),
  });
  const prometheus = prometheusOptions(config.prometheus);
  const pushes: Push[] = [];
  if (config.remote_write.url !== '') {
    pushes.push(new Push(config.remote_write, remoteWrite(config.remote_write, prometheus), own, log));
  }
  if (config.otlp.url !== '') pushes.push(new Push(config.otlp, otlp(config.otlp, prometheus), own, log));
  const stop = new AbortController();
  const running = Promise.all([
    poller.run(stop.signal),
    ...pushes.map((push) => push.run(poller, stop.signal)),
  ]);
  const served = { source: poller, own, prometheus: config.prometheus, listen, hosts, webConfigFile, log };
  const server = await serveMetrics(served).catch(async (error: unknown) => {
    stop.abort();
    await running;
    throw error;
  });
  const { address } = server;
  log.info({ version, address, source }, 'listening');
  const close = async () => {
    stop.abort();
    await Promise.all([server.close(), running]);
  };
  return { address, close, [Symbol.asyncDispose]: close };
}
