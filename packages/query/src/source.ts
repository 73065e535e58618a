import type { HistogramConfig } from '@rezolus/core/histogram';

/** SeriesKind: counter = u64 that only grows (resets to 0), gauge = i64 or double, histogram = H2 buckets. */
export type SeriesKind = 'counter' | 'gauge' | 'histogram';

/** Series: one series of a source. `labels` has no `__name__`, `metric`, `unit` or histogram powers. */
export interface Series {
  /** Position in the source; stable while `generation` stays. */
  readonly id: number;
  readonly metric: string;
  readonly kind: SeriesKind;
  readonly labels: Readonly<Record<string, string>>;
  readonly unit?: string;
  readonly description?: string;
  readonly histogram?: HistogramConfig;
}

/** FloatColumn: a counter or gauge in time. Rows without a value are absent from it. */
export interface FloatColumn {
  readonly kind: 'counter' | 'gauge';
  /** ms since the epoch, ascending. */
  readonly times: Float64Array;
  /** As {@link HistogramColumn.exactTimes}. */
  readonly exactTimes?: Float64Array;
  /** Value minus `base`, exact below 2^53 whatever the size of the u64 itself. */
  readonly values: Float64Array;
  readonly base: bigint;
  /**
   * One byte per row, 1 = the series ended here: the row carries no value, and no earlier sample is looked back to
   * across it (Prometheus' stale marker). Left out where no row is one.
   */
  readonly stale?: Uint8Array;
}

/**
 * HistogramColumn: a histogram in time, kept sparse: what was added to which bucket since the row before. Row `r` owns
 * the entries `starts[r] .. starts[r + 1]`; row 0 holds the state at the first time. `resets[r]` = 1 where the
 * histogram started again at row r: its entries are then the whole new state.
 */
export interface HistogramColumn {
  readonly kind: 'histogram';
  readonly times: Float64Array;
  /**
   * When the samples were really taken, ms, ascending, as long as `times`: rates are computed with these. Left out
   * where `times` are exact; a source moves them to whole intervals so that series of one snapshot meet.
   */
  readonly exactTimes?: Float64Array;
  readonly starts: Uint32Array;
  readonly buckets: Uint16Array;
  readonly counts: Float64Array;
  readonly resets: Uint8Array;
  readonly config: HistogramConfig;
}

export type Column = FloatColumn | HistogramColumn;

/**
 * Source: where the engine's samples come from: a recording, the live store. Pure data: whoever implements it owns
 * the I/O. `load` may be asked for more than one column at once and should keep what it decoded.
 */
export interface Source {
  /** Grows whenever `series()` changed (live sources). */
  readonly generation: number;
  /** Nominal distance of two samples, ms. */
  readonly intervalMs: number;
  /** Time of the first and the last sample, ms since the epoch; equal to 0 where there is none. */
  readonly startMs: number;
  readonly endMs: number;
  series(): readonly Series[];
  /** load: the columns of `ids`, in order, covering at least [startMs, endMs] (more is fine). */
  load(ids: readonly number[], startMs: number, endMs: number, signal?: AbortSignal): Promise<Column[]>;
  /** prefetch: told before a window is loaded part by part; may decode it all at once where that is quicker. */
  prefetch?(ids: readonly number[], startMs: number, endMs: number, signal?: AbortSignal): Promise<void>;
}
