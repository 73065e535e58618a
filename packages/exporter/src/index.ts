export type { ExporterConfig } from './config.ts';
export { type Exporter, type ExporterOptions, startExporter } from './exporter.ts';
