import type { FastifyRequest } from 'fastify';
import { badData } from '../errors.ts';

/** requestParams: the parameters of the URL and, of a form-encoded POST, of the body; the body's come first. */
export function requestParams(request: FastifyRequest): URLSearchParams {
  const at = request.url.indexOf('?');
  const params = new URLSearchParams(request.body instanceof URLSearchParams ? request.body : undefined);
  for (const [name, value] of new URLSearchParams(at < 0 ? '' : request.url.slice(at))) {
    params.append(name, value);
  }
  return params;
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;
const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** The largest time that a Date can hold, ms. */
const maxTimeMs = 8.64e15;

/** timeParam: parameter `name` (unix seconds or RFC 3339) in ms, `fallback` where absent. Throws ApiError 400. */
export function timeParam(params: URLSearchParams, name: string, fallback?: number): number {
  const text = params.get(name);
  if (text === null || text === '') {
    if (fallback !== undefined) return fallback;
    throw badData(`invalid parameter "${name}": cannot parse "" to a valid timestamp`);
  }
  const ms = number.test(text) ? Number(text) * 1000 : rfc3339.test(text) ? Date.parse(text) : Number.NaN;
  if (!(Math.abs(ms) <= maxTimeMs)) {
    throw badData(`invalid parameter "${name}": cannot parse "${text}" to a valid timestamp`);
  }
  return Math.round(ms);
}

const duration = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/;
const unitsMs = [31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1];

/** durationParam: parameter `name` (seconds or a duration such as `1m30s`) in ms, or null where absent. Throws ApiError 400. */
export function durationParam(params: URLSearchParams, name: string): number | null {
  const text = params.get(name);
  if (text === null || text === '') return null;
  if (number.test(text) && Number.isFinite(Number(text) * 1000)) return Number(text) * 1000;
  const match = duration.exec(text);
  if (match === null) {
    throw badData(`invalid parameter "${name}": cannot parse "${text}" to a valid duration`);
  }
  return unitsMs.reduce((sum, unit, i) => sum + unit * Number(match[i + 1] ?? 0), 0);
}

/** limitParam: parameter `name`, a count of which 0 means all; Infinity where absent or 0. Throws ApiError 400. */
export function limitParam(params: URLSearchParams, name = 'limit'): number {
  const text = params.get(name) ?? '0';
  if (!/^\d{1,15}$/.test(text)) throw badData(`invalid parameter "${name}": must be a count, got "${text}"`);
  return Number(text) || Number.POSITIVE_INFINITY;
}

/** Prometheus' limit: enough for a minute's resolution over a week, or an hour's over a year. */
const maxPoints = 11_000;

/** RangeParams: what a range query asks for, ms. */
export interface RangeParams {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/** rangeParams: `start`, `end` and `step` of a Prometheus range query, with its limits. Throws ApiError 400. */
export function rangeParams(params: URLSearchParams): RangeParams {
  const startMs = timeParam(params, 'start');
  const endMs = timeParam(params, 'end');
  if (endMs < startMs) throw badData('invalid parameter "end": end timestamp must not be before start time');
  const stepMs = durationParam(params, 'step');
  if (stepMs === null) throw badData('invalid parameter "step": cannot parse "" to a valid duration');
  if (stepMs < 1) {
    throw badData(
      'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    );
  }
  if ((endMs - startMs) / stepMs > maxPoints) {
    throw badData(
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    );
  }
  return { startMs, endMs, stepMs };
}
