import type { ArithmeticOperator, Duration } from './ast.ts';
import { executionError } from './position.ts';

const units: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  y: 31_536_000,
};

/**
 * parseNumber: a number or duration literal of PromQL (`12.5e3`, `1_000`, `0x1F`, `Inf`, `1h30m`); durations in
 * seconds. NaN for `NaN` and for anything else.
 */
export function parseNumber(literal: string): number {
  const text = literal.replaceAll('_', '').trim();
  if (text.startsWith('-')) return -parseNumber(text.slice(1));
  if (text.startsWith('+')) return parseNumber(text.slice(1));
  if (/^inf$/i.test(text)) return Number.POSITIVE_INFINITY;
  if (/^(0[0-7]+)$/.test(text)) return Number.parseInt(text, 8);
  if (/^(\d+(y|w|d|h|ms|m|s))+$/.test(text)) {
    let milliseconds = 0;
    for (const [, count, unit] of text.matchAll(/(\d+)(y|w|d|h|ms|m|s)/g))
      milliseconds += Number(count) * units[unit!]! * 1000;
    return milliseconds / 1000;
  }
  return text === '' ? Number.NaN : Number(text);
}

/** QueryRange: what a duration expression may refer to, ms. */
export interface QueryRange {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/** Longer durations than this, about 31,000 years, are refused. */
const maxDurationMs = 1e15;

/** durationMs: the length of a duration in ms, rounded as Prometheus does. Throws REZ_ERR_QUERY_EXECUTION. */
export function durationMs(duration: Duration, query: QueryRange): number {
  const length = Math.round(seconds(duration, query) * 1000);
  if (!(Math.abs(length) <= maxDurationMs)) throw executionError('a duration is out of bounds');
  return length;
}

/** positiveMs: like {@link durationMs} for ranges and steps, which have to be longer than 0. */
export function positiveMs(duration: Duration, query: QueryRange): number {
  const length = durationMs(duration, query);
  if (length <= 0) throw executionError('a duration must be greater than 0');
  return length;
}

function seconds(duration: Duration, query: QueryRange): number {
  switch (duration.kind) {
    case 'number':
      return duration.value;
    case 'negate':
      return -seconds(duration.operand, query);
    case 'binary':
      return arithmetic(duration.op, seconds(duration.left, query), seconds(duration.right, query));
    case 'call': {
      if (duration.name === 'step') return query.stepMs / 1000;
      if (duration.name === 'range') return (query.endMs - query.startMs) / 1000;
      const args = duration.args.map((arg) => seconds(arg, query));
      return duration.name === 'min_of' ? Math.min(...args) : Math.max(...args);
    }
  }
}

/** arithmetic: one operator on two doubles with the results of Go's math package. */
export function arithmetic(op: ArithmeticOperator, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
    case '^':
      return power(a, b);
    case 'atan2':
      return Math.atan2(a, b);
  }
}

/** power: a^b; unlike JavaScript, 1^x and (-1)^±Inf are 1 as IEEE 754 says. */
export function power(a: number, b: number): number {
  if (a === 1 || (a === -1 && !Number.isFinite(b) && !Number.isNaN(b))) return 1;
  return a ** b;
}
