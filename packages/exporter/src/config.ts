import type { ListenAddress } from '@rezolus/core';
import { type PrometheusOptions, parseSelector } from '@rezolus/exposition';

/** PushSection: where to push to; `url` empty = nowhere. */
export interface PushSection {
  readonly url: string;
  readonly interval: number;
  readonly timeout: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly username: string;
  readonly password_file: string;
  readonly bearer_token_file: string;
  readonly queue_directory: string;
  /** Bytes. */
  readonly queue_limit: number;
}

/** PrometheusSection: which series are exported and how: `[prometheus]` of exporter.toml, and of agent.toml. */
export interface PrometheusSection {
  readonly native_histograms: boolean;
  readonly histograms: boolean;
  readonly histogram_grouping_power: number;
  readonly summaries: boolean;
  readonly compatibility: boolean;
  /** Selectors that parse. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly drop_labels: readonly string[];
  readonly series_limit: number;
}

/** EmbeddedSection: `[prometheus]` of agent.toml: that of exporter.toml, and where the agent serves `/metrics` itself. */
export interface EmbeddedSection extends PrometheusSection {
  /** Null = nowhere. */
  readonly listen: ListenAddress | null;
  readonly web_config_file: string;
  readonly hosts: readonly string[];
}

/** ExporterConfig: exporter.toml after validation, with defaults filled in: plain data, durations in ms. */
export interface ExporterConfig {
  readonly general: {
    readonly listen: ListenAddress;
    /** Who may come in; empty = everybody. */
    readonly web_config_file: string;
    /** Base URL of the agent. */
    readonly source: string;
    /** Credentials for the agent; empty = none. */
    readonly http_config_file: string;
    readonly interval: number;
    readonly hosts: readonly string[];
  };
  readonly log: { readonly level: 'error' | 'warn' | 'info' | 'debug' | 'trace' };
  readonly prometheus: PrometheusSection;
  readonly remote_write: PushSection & {
    readonly version: '1.0' | '2.0';
    readonly native_histograms: boolean;
  };
  readonly otlp: PushSection;
}

/** prometheusOptions: `[prometheus]` as the encoders want it. */
export function prometheusOptions(prometheus: PrometheusSection): Omit<PrometheusOptions, 'descriptions'> {
  return {
    include: prometheus.include.map((text) => parseSelector(text)!),
    exclude: prometheus.exclude.map((text) => parseSelector(text)!),
    dropLabels: prometheus.drop_labels,
    seriesLimit: prometheus.series_limit,
    nativeHistograms: prometheus.native_histograms,
    classicGroupingPower: prometheus.histograms ? prometheus.histogram_grouping_power : null,
    quantiles: prometheus.summaries,
    compatibility: prometheus.compatibility,
  };
}
