/**
 * What the viewer's server and its app say to each other. Plots are data: a section is a JSON document of this shape,
 * ours in `packages/viewer/dashboards/`, later also a plugin's own.
 */

/** UnitSystem: how values of a plot are scaled and labelled. Time values are ns, percentages 0..1. */
export type UnitSystem =
  | 'percentage'
  | 'time'
  | 'bytes'
  | 'datarate'
  | 'bitrate'
  | 'rate'
  | 'count'
  | 'frequency';

/** PlotStyle: what draws it. `auto` decides by the answer: one series = line, several with an `id` = heatmap, else lines. */
export type PlotStyle = 'line' | 'lines' | 'heatmap' | 'percentiles' | 'auto';

/** Plot: one chart: a PromQL query and how to show the answer. */
export interface Plot {
  /** Unique in its section. */
  readonly id: string;
  readonly title: string;
  readonly description?: string;
  readonly style: PlotStyle;
  readonly unit: UnitSystem;
  /** PromQL. For `percentiles` it is a bare histogram selector; the app asks for quantiles or a bucket heatmap of it. */
  readonly query: string;
  /** A second query that the card can be switched to, e.g. mean or total. */
  readonly alternative?: { readonly label: string; readonly query: string };
  readonly range?: { readonly min?: number; readonly max?: number };
  readonly logScale?: boolean;
  readonly width: 'half' | 'full';
  /** Shown only where the query's entity (`id`) has more than one member. */
  readonly multiDeviceOnly?: boolean;
}

/** PlotSubgroup: plots that belong side by side, under a heading of their own. */
export interface PlotSubgroup {
  readonly name: string;
  readonly description?: string;
  readonly plots: readonly Plot[];
}

/** PlotGroup: subgroups under one heading. `id` is unique in its section. */
export interface PlotGroup {
  readonly id: string;
  readonly name: string;
  readonly subgroups: readonly PlotSubgroup[];
}

/** Section: one page of charts. */
export interface Section {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly PlotGroup[];
  /** Plots that find no series now: plot id to the reason in one sentence. Absent where the server did not look. */
  readonly empty?: Readonly<Record<string, string>>;
}

/** SectionSummary: an entry of the navigation. `available` = how many of its plots find at least one series now. */
export interface SectionSummary {
  readonly id: string;
  readonly name: string;
  readonly plots: number;
  readonly available: number;
}

/** Capture: what is being looked at. Times are ms since the epoch. */
export interface Capture {
  readonly kind: 'file' | 'live';
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly intervalMs: number;
  readonly series: number;
  /** File-level metadata (source, version, descriptions left out), for the Metadata page. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The recorded or live `/systeminfo` document, or null. */
  readonly systeminfo: unknown;
}

/**
 * RangeReply: the decoded compact form of a range query. `lines`: per series x and y. `buckets`: a histogram heatmap:
 * sparse cells (column = index into `times`, row = index into `bounds`, count).
 */
export type RangeReply =
  | {
      readonly kind: 'lines';
      readonly series: readonly {
        readonly labels: Readonly<Record<string, string>>;
        readonly times: Float64Array;
        readonly values: Float64Array;
        /** Present where points were merged: the extremes of each, so that no spike is hidden. */
        readonly min?: Float64Array;
        readonly max?: Float64Array;
      }[];
    }
  | {
      readonly kind: 'buckets';
      readonly times: Float64Array;
      /** Exclusive upper end of each row's bucket. */
      readonly bounds: Float64Array;
      readonly columns: Uint32Array;
      readonly rows: Uint16Array;
      readonly counts: Float64Array;
    };

/** LiveEvent: sent on the live event stream whenever the live store grew. */
export interface LiveEvent {
  readonly startMs: number;
  readonly endMs: number;
  readonly series: number;
  /** False while the agent does not answer. */
  readonly connected: boolean;
}

/**
 * routes: the viewer's own routes beside the Prometheus HTTP API (`/api/v1/...`). All are GET.
 *
 * - capture: JSON {@link Capture}
 * - sections: JSON {@link SectionSummary} array, in the order of the navigation
 * - section: JSON {@link Section} with `empty`, without the `multiDeviceOnly` plots of what is there only once
 * - range: ?query=&start=&end=&step= (ms; step defaults to the capture's interval, and grows where the window has more
 *   than 990,000) &points= (100..10000, default 1000: at most this many points per series or bucket columns; merged
 *   points carry min and max); body = the compact form of {@link RangeReply}
 * - live: server-sent events, `data` = JSON {@link LiveEvent}, one at once and one per change; 404 on a file
 *
 * Errors are JSON `{status: "error", errorType, error}`, with the HTTP status that Prometheus gives them.
 */
export const routes = {
  capture: '/api/rezolus/v1/capture',
  sections: '/api/rezolus/v1/sections',
  section: '/api/rezolus/v1/sections/:id',
  range: '/api/rezolus/v1/range',
  live: '/api/rezolus/v1/live',
} as const;
