/**
 * What the viewer's server and its app say to each other. Plots are data: a section is a JSON document of this shape,
 * ours in `packages/viewer/dashboards/`, a plugin's in its package.
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
  /** Left out of the navigation where nothing feeds it. */
  readonly optional?: boolean;
  /** Of what some members can be looked at alone: `name` for people, the values of `label` of the series of `metric`. */
  readonly picker?: { readonly name: string; readonly label: string; readonly metric: string };
  readonly groups: readonly PlotGroup[];
  /** Plots that find no series now: plot id to the reason in one sentence. Absent where the server did not look. */
  readonly empty?: Readonly<Record<string, string>>;
}

/** pages: the pages of the app that are no sections; no section has one of these ids. */
export const pages = ['compare', 'system', 'metadata', 'query', 'metrics', 'notebook', 'about'] as const;

/** SectionSummary: an entry of the navigation. `available` = how many of its plots find at least one series now. */
export interface SectionSummary {
  readonly id: string;
  readonly name: string;
  readonly plots: number;
  readonly available: number;
}

/** Capture: what is being looked at: a recording, a live agent or a Prometheus server. Times are ms since the epoch. */
export interface Capture {
  /** What the parameter `capture` takes; stays while the capture is loaded. */
  readonly id: string;
  /** Short name for legends, unique among the loaded captures. */
  readonly alias: string;
  readonly kind: CaptureKind;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly intervalMs: number;
  readonly series: number;
  /** The machines in it and the label that tells them apart; null where there is one. */
  readonly nodes: { readonly label: string; readonly values: readonly string[] } | null;
  /** File-level metadata (source, version, descriptions left out), for the Metadata page. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The recorded or live `/systeminfo` document, or null. */
  readonly systeminfo: unknown;
}

/** firstCapture: the id of the first capture that a viewer loads. */
export const firstCapture = '1';

/** CaptureKind: a `file` does not change, the others grow. */
export type CaptureKind = 'file' | 'live' | 'prometheus';

/** Loaded: the captures that a viewer shows, in order, and what it takes to load another one. */
export interface Loaded {
  readonly captures: readonly Capture[];
  readonly loading: {
    /** The largest upload, bytes. */
    readonly maxBytes: number;
    readonly maxCaptures: number;
    /** Whether some URLs may be loaded. */
    readonly urls: boolean;
  };
}

/** Spread: the values that a plot takes in a window: of a line its points, of a histogram the events. */
export interface Spread {
  readonly count: number;
  readonly mean: number;
  readonly median: number;
  readonly p99: number;
}

/** Shift: how a plot differs between two captures. Sides are null where that capture has nothing. */
export interface Shift {
  readonly title: string;
  /** Where the plot is; absent for a metric that no section shows. */
  readonly section?: string;
  readonly plot?: string;
  readonly query: string;
  readonly unit: UnitSystem;
  readonly base: Spread | null;
  readonly other: Spread | null;
  /**
   * Cliff's delta, -1..1: the probability that a value of the other capture is above one of the base, less the
   * probability that it is below. 0 where a side is missing.
   */
  readonly effect: number;
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
  /** Grows whenever more than the times of the capture changed. */
  readonly generation: number;
  /** False while the agent does not answer. */
  readonly connected: boolean;
  /** `file` once the recorder finished what was being recorded. */
  readonly kind: CaptureKind;
}

/**
 * routes: the viewer's own routes beside the Prometheus HTTP API (`/api/v1/...`). Those about one capture take
 * ?capture= (an id; the first one where it is left out). All are GET unless it says otherwise.
 *
 * - captures: JSON {@link Loaded}
 *   POST ?name= with the bytes of a file (Parquet, .rez, raw) as `application/octet-stream` adds its recordings and
 *   answers {@link Loaded}; POST with the form field `url` has the server fetch the file
 * - capture: DELETE lets a capture go
 * - sections: JSON {@link SectionSummary} array, in the order of the navigation
 * - section: JSON {@link Section} with `empty`, without the `multiDeviceOnly` plots of what is there only once
 * - range: ?query=&start=&end=&step= (ms; step defaults to the capture's interval, and grows where the window has more
 *   than 990,000) &points= (100..10000, default 1000: at most this many points per series or bucket columns; merged
 *   points carry min and max) &node= (of {@link Capture.nodes}; all where left out) &match= (a selector whose
 *   matchers, but those of the name, all selectors of the query get) &shift= (ms that all times in
 *   request and answer are later than in the capture, so that captures meet); body = the compact form of
 *   {@link RangeReply}
 * - shifts: ?base=&other= (ids) &start=&end= (ms, of the base) &shift= (of the other): JSON {@link Shift} array, largest
 *   first
 * - live: server-sent events, `data` = JSON {@link LiveEvent}, one at once and one per change; 404 on a file
 *
 * Errors are JSON `{status: "error", errorType, error}`, with the HTTP status that Prometheus gives them.
 */
export const routes = {
  captures: '/api/rezolus/v1/captures',
  capture: '/api/rezolus/v1/captures/:id',
  sections: '/api/rezolus/v1/sections',
  section: '/api/rezolus/v1/sections/:id',
  range: '/api/rezolus/v1/range',
  shifts: '/api/rezolus/v1/shifts',
  live: '/api/rezolus/v1/live',
} as const;
