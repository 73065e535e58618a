import type { ValueType } from './ast.ts';

/** Signature: the types a function takes and gives. */
export interface Signature {
  readonly args: readonly ValueType[];
  /** How many of the last arguments may be left out; -1 = the last one may be repeated or left out. */
  readonly optional: number;
  readonly returns: ValueType;
}

function signature(args: string, returns: ValueType = 'vector', optional = 0): Signature {
  return { args: args === '' ? [] : (args.split(' ') as ValueType[]), optional, returns };
}

const ofVector = signature('vector');
const ofMatrix = signature('matrix');
const ofOptionalVector = signature('vector', 'vector', 1);
const none = signature('', 'scalar');

const named = (names: string, shape: Signature): [string, Signature][] =>
  names.split(' ').map((name) => [name, shape]);

/** signatures: every function of PromQL that the engine has, by name. */
export const signatures: ReadonlyMap<string, Signature> = new Map([
  ...named(
    'abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ln log10 log2 rad sgn sin sinh sqrt ' +
      'tan tanh sort sort_desc timestamp histogram_avg histogram_count histogram_stddev histogram_stdvar histogram_sum',
    ofVector,
  ),
  ...named(
    'absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta increase irate ' +
      'last_over_time mad_over_time max_over_time min_over_time present_over_time rate resets stddev_over_time ' +
      'stdvar_over_time sum_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ' +
      'ts_of_min_over_time',
    ofMatrix,
  ),
  ...named('day_of_month day_of_week day_of_year days_in_month hour minute month year', ofOptionalVector),
  ...named('time pi step range start end', none),
  ...named('min_of max_of', signature('scalar scalar', 'scalar')),
  ...named('clamp_max clamp_min', signature('vector scalar')),
  ...named('sort_by_label sort_by_label_desc', signature('vector string', 'vector', -1)),
  ['clamp', signature('vector scalar scalar')],
  ['double_exponential_smoothing', signature('matrix scalar scalar')],
  ['histogram_fraction', signature('scalar scalar vector')],
  ['histogram_quantile', signature('scalar vector')],
  ['histogram_quantiles', signature('vector string scalar scalar', 'vector', -1)],
  ['label_join', signature('vector string string string', 'vector', -1)],
  ['label_replace', signature('vector string string string string')],
  ['predict_linear', signature('matrix scalar')],
  ['quantile_over_time', signature('scalar matrix')],
  ['round', signature('vector scalar', 'vector', 1)],
  ['scalar', signature('vector', 'scalar')],
  ['vector', signature('scalar')],
]);

/** missingFunctions: functions that the grammar knows and the engine has not. */
export const missingFunctions: ReadonlySet<string> = new Set(['info', 'start_timestamp']);
