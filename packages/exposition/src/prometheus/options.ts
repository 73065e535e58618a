import type { Selector } from './selector.ts';

/** PrometheusOptions: which series are exported and how; the same for all formats. */
export interface PrometheusOptions {
  /** Metric name to the sentence of its HELP line. */
  readonly descriptions: Readonly<Record<string, string>>;
  /** Only series that one of these selects; empty = all. */
  readonly include: readonly Selector[];
  /** Not series that one of these selects. */
  readonly exclude: readonly Selector[];
  /** Labels that no series gets. */
  readonly dropLabels: readonly string[];
  /** Most samples of one answer; a native histogram is one. Groups with many members lose theirs first. */
  readonly seriesLimit: number;
  /** Native histograms, in protobuf. */
  readonly nativeHistograms: boolean;
  /** Classic `le` buckets with this grouping power (0 to 3), or null for none but `+Inf`. */
  readonly classicGroupingPower: number | null;
  /** Quantiles of what was counted since the scraper's last scrape, for those that get no native histograms. */
  readonly quantiles: boolean;
  /** The original's names, labels and percentile gauges; text only. */
  readonly compatibility: boolean;
}

/** defaultOptions: what `config/exporter.toml` says, without descriptions. */
export const defaultOptions: PrometheusOptions = {
  descriptions: {},
  include: [],
  exclude: [],
  dropLabels: [],
  seriesLimit: 50_000,
  nativeHistograms: true,
  classicGroupingPower: null,
  quantiles: true,
  compatibility: false,
};

/** ExportCounts: what the last answer held and left out, in samples. */
export interface ExportCounts {
  readonly exported: number;
  readonly dropped: {
    /** Beyond the limit. */
    readonly limit: number;
    /** The same name and labels as another series, perhaps because a label was dropped. */
    readonly duplicate: number;
    /** No metric name, or one that another metric or its suffixes take already. */
    readonly name: number;
  };
}

/** FamilyType: as on a TYPE line. */
export type FamilyType = 'counter' | 'gauge' | 'histogram' | 'summary';

/** OwnFamily: a metric of the exporter itself, as prom-client gives it. */
export interface OwnFamily {
  /** Full name; of counters with `_total`. */
  readonly name: string;
  readonly help: string;
  readonly type: FamilyType;
  /** `suffix`: `_bucket`, `_sum`, `_count` or nothing. */
  readonly samples: readonly {
    readonly suffix: string;
    readonly labels: Readonly<Record<string, string | number>>;
    readonly value: number;
  }[];
}
