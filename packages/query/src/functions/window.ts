/** FloatWindow: the samples of a range at one time; sample `i` is `values[i] + base` at `times[i]` ms. */
export interface FloatWindow {
  readonly times: Float64Array;
  readonly exactTimes: Float64Array;
  readonly values: Float64Array;
  readonly base: number;
  /** First sample and end (exclusive); there is at least one. */
  from: number;
  to: number;
  /** The range is (startMs, endMs]. */
  startMs: number;
  endMs: number;
  /** Time of the evaluation; differs from `endMs` by `offset` and `@`. */
  nowMs: number;
  /** Scalar arguments at this time, in the order of the call. */
  args: readonly number[];
}

/** FloatFunction: reduces a window to a value; undefined = no sample. */
export type FloatFunction = (window: FloatWindow) => number | undefined;
