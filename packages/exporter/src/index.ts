export type { EmbeddedSection, ExporterConfig, PrometheusSection } from './config.ts';
export { type EmbeddedOptions, startEmbedded } from './embedded.ts';
export { type ExporterOptions, startExporter } from './exporter.ts';
export type { Exporter } from './serve.ts';
