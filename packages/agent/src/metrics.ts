import type { Logger, Snapshot } from '@rezolus/core';
import type { EmbeddedSection, Exporter } from '@rezolus/exporter';

/** MetricsOptions: what the agent has for an exporter in its process. */
export interface MetricsOptions {
  /** Metric name to sentence. */
  readonly descriptions: Readonly<Record<string, string>>;
  readonly log: Logger;
  snapshot(): Promise<Snapshot>;
}

/**
 * startMetrics: serves `/metrics` as `[prometheus]` of agent.toml says; null where it says nowhere.
 * Throws REZ_ERR_LISTEN and REZ_ERR_CONFIG_*.
 */
export async function startMetrics(
  { listen, hosts, web_config_file: webConfigFile, ...prometheus }: EmbeddedSection,
  options: MetricsOptions,
): Promise<Exporter | null> {
  if (listen === null) return null;
  // Only here: most agents have no use for an exporter's memory.
  const { startEmbedded } = await import('@rezolus/exporter/embedded');
  const exporter = await startEmbedded({ ...options, listen, hosts, webConfigFile, prometheus });
  options.log.info({ metrics: exporter.address }, 'serving /metrics');
  return exporter;
}
