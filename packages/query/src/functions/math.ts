/** MathFunction: maps one double; further arguments are the scalars of the call at this time. */
export type MathFunction = (value: number, args: readonly number[]) => number;

/** Half up also below zero and with a divisor, as Prometheus does it: the inverse avoids inexact quotients. */
function round(value: number, nearest: number): number {
  const inverse = 1 / nearest;
  return Math.floor(value * inverse + 0.5) / inverse;
}

function minimum(a: number, b: number): number {
  return Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : Math.min(a, b);
}

function maximum(a: number, b: number): number {
  return Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : Math.max(a, b);
}

/** mathFunctions: functions that map each sample of an instant vector by itself. */
export const mathFunctions: Readonly<Record<string, MathFunction>> = {
  abs: Math.abs,
  acos: Math.acos,
  acosh: Math.acosh,
  asin: Math.asin,
  asinh: Math.asinh,
  atan: Math.atan,
  atanh: Math.atanh,
  ceil: Math.ceil,
  cos: Math.cos,
  cosh: Math.cosh,
  deg: (value) => (value * 180) / Math.PI,
  exp: Math.exp,
  floor: Math.floor,
  ln: Math.log,
  log10: Math.log10,
  log2: Math.log2,
  rad: (value) => (value * Math.PI) / 180,
  sgn: Math.sign,
  sin: Math.sin,
  sinh: Math.sinh,
  sqrt: Math.sqrt,
  tan: Math.tan,
  tanh: Math.tanh,
  round: (value, [nearest = 1]) => round(value, nearest),
  clamp: (value, [low, high]) => maximum(low!, minimum(high!, value)),
  clamp_min: (value, [low]) => maximum(low!, value),
  clamp_max: (value, [high]) => minimum(high!, value),
};

const day = 86_400_000;
/** Fractions of a second go away towards zero, as in Prometheus. */
const date = (seconds: number) => new Date(Math.trunc(seconds) * 1000);

/** timeFunctions: parts of the UTC date of a sample value in seconds; NaN where that is no date. */
export const timeFunctions: Readonly<Record<string, MathFunction>> = {
  minute: (value) => date(value).getUTCMinutes(),
  hour: (value) => date(value).getUTCHours(),
  day_of_week: (value) => date(value).getUTCDay(),
  day_of_month: (value) => date(value).getUTCDate(),
  day_of_year(value) {
    const at = date(value);
    return Math.floor((at.getTime() - Date.UTC(at.getUTCFullYear(), 0, 1)) / day) + 1;
  },
  days_in_month(value) {
    const at = date(value);
    return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate();
  },
  month: (value) => date(value).getUTCMonth() + 1,
  year: (value) => date(value).getUTCFullYear(),
};

/** scalarFunctions: functions of scalars alone. */
export const scalarFunctions: Readonly<Record<string, (a: number, b: number) => number>> = {
  min_of: minimum,
  max_of: maximum,
};
