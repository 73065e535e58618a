import { addMatcher, matchersOf } from '@rezolus/query';
import type { Section, SectionSummary, Shift } from '../contract.ts';
import { ApiError, badData } from './errors.ts';
import { captureOf, type Library, type OpenCapture } from './library.ts';
import { pointLimits, type RangeRequest } from './range.ts';
import { shiftsOf } from './shifts/shifts.ts';

/*
 * What the viewer's own routes answer, whether over HTTP or in the browser alone: nothing here needs Node. All throw
 * ApiError for what is wrong with a request.
 */

/** chosen: the capture that a request is about. */
export function chosen(library: Library, params: URLSearchParams): OpenCapture {
  return library.get(params.get('capture'));
}

/** summariesFor: the navigation; empty where nothing is loaded. */
export function summariesFor(library: Library, params: URLSearchParams): SectionSummary[] {
  return library.captures.length === 0 ? [] : chosen(library, params).sections.summaries();
}

/** sectionFor: a section; without `empty` where nothing is loaded. */
export function sectionFor(library: Library, id: string, params: URLSearchParams): Section {
  const section =
    library.captures.length === 0
      ? library.documents.find((document) => document.id === id)
      : chosen(library, params).sections.section(id);
  if (section == null) throw new ApiError(404, 'not_found', 'there is no such section');
  return section;
}

/** shiftsFor: how two captures differ. */
export function shiftsFor(library: Library, params: URLSearchParams, signal: AbortSignal): Promise<Shift[]> {
  const [base, other] = [library.get(params.get('base')), library.get(params.get('other') ?? '')];
  const [startMs, endMs] = [msParam(params, 'start'), msParam(params, 'end')];
  if (endMs <= startMs) throw badData('invalid parameter "end": it is not after the start');
  const shiftMs = msParam(params, 'shift', 0);
  return shiftsOf(library.documents, { base, other, startMs, endMs, shiftMs }, signal);
}

function msParam(params: URLSearchParams, name: string, fallback?: number): number {
  const value = params.has(name) ? Number(params.get(name)) : (fallback ?? Number.NaN);
  if (!(Math.abs(value) <= 8.64e15)) throw badData(`invalid parameter "${name}": a number is needed`);
  return value;
}

/** rangeRequest: the parameters of the range route. Throws ApiError 400. */
export function rangeRequest(params: URLSearchParams, capture: OpenCapture): RangeRequest {
  const query = params.get('query');
  if (query === null) throw badData('invalid parameter "query": a query is needed');
  const [startMs, endMs] = [msParam(params, 'start'), msParam(params, 'end')];
  if (endMs < startMs) throw badData('invalid parameter "end": it is before the start');
  const stepMs = msParam(params, 'step', capture.source.source.intervalMs);
  if (stepMs < 1) throw badData('invalid parameter "step": at least 1 ms');
  const { min, max } = pointLimits;
  const points = Math.floor(msParam(params, 'points', 1000));
  if (points < min || points > max) throw badData(`invalid parameter "points": ${min} to ${max}`);
  const shiftMs = msParam(params, 'shift', 0);
  const node = params.get('node');
  const match = params.get('match');
  const matchers = [
    ...(node === null ? [] : [{ name: labelOf(capture), op: '=', value: node } as const]),
    ...(match === null ? [] : matchersOf(match).filter(({ name }) => name !== '__name__')),
  ];
  const asked = matchers.reduce((text, matcher) => addMatcher(text, matcher), query);
  return { query: asked, startMs, endMs, stepMs, points, shiftMs };
}

function labelOf(capture: OpenCapture): string {
  return captureOf(capture).nodes?.label ?? 'node';
}
