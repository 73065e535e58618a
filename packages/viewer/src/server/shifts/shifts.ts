import type { Plot, Section, Shift, Spread, UnitSystem } from '../../contract.ts';
import type { OpenCapture } from '../library.ts';
import { decodeSpreads, type Measure, quantileCount, type Sketch } from './spreads.ts';

/** ShiftsRequest: two captures and the window of the base, ms; the other's times are `shiftMs` earlier. */
export interface ShiftsRequest {
  readonly base: OpenCapture;
  readonly other: OpenCapture;
  readonly startMs: number;
  readonly endMs: number;
  readonly shiftMs: number;
}

type Subject = Measure & Omit<Shift, 'base' | 'other' | 'effect'>;

/**
 * shiftsOf: how every plot of `sections` that is one line or a histogram differs between two captures, and every metric
 * that no section shows; those that neither has are left out. Largest first: by the effect, then by the change of the
 * median. Rejects with the reason of `signal`.
 */
export async function shiftsOf(
  sections: readonly Section[],
  { base, other, startMs, endMs, shiftMs }: ShiftsRequest,
  signal: AbortSignal,
): Promise<Shift[]> {
  const subjects = subjectsOf(sections, [base, other]);
  const measures = subjects.map(({ kind, query }) => ({ kind, query }));
  const ask = async ({ queries, source: { source } }: OpenCapture, shift: number) =>
    decodeSpreads(
      await queries.spreads(
        { measures, startMs: startMs - shift, endMs: endMs - shift, stepMs: source.intervalMs },
        signal,
      ),
    );
  const [ours, theirs] = await Promise.all([ask(base, 0), ask(other, shiftMs)]);
  const shifts = subjects.flatMap(({ kind: _, ...subject }, i): Shift[] => {
    const [a, b] = [ours[i] ?? null, theirs[i] ?? null];
    if (a === null && b === null) return [];
    return [{ ...subject, base: spreadOf(a), other: spreadOf(b), effect: effectOf(a, b) }];
  });
  return shifts.sort((a, b) => rank(b) - rank(a));
}

/** rank: the effect in steps of a tenth, and within a step the change of the median. */
function rank({ base, other, effect }: Shift): number {
  const change = base === null || other === null ? 0 : Math.abs(relativeChange(base.median, other.median));
  return Math.round(Math.abs(effect) * 10) + Math.min(change, 1e6) / 2e6;
}

function relativeChange(from: number, to: number): number {
  return from === to ? 0 : (to - from) / Math.max(Math.abs(from), Number.MIN_VALUE);
}

function subjectsOf(sections: readonly Section[], captures: readonly OpenCapture[]): Subject[] {
  const subjects = new Map<string, Subject>();
  for (const section of sections) {
    for (const { subgroup, plot } of plotsOf(section)) {
      const kind = plot.style === 'percentiles' ? 'histogram' : 'line';
      if ((kind === 'line' && plot.style !== 'line') || subjects.has(plot.query)) continue;
      const title = plot.title.startsWith(subgroup) ? plot.title : `${subgroup}: ${plot.title}`;
      const { query, unit } = plot;
      subjects.set(query, { kind, title, section: section.id, plot: plot.id, query, unit });
    }
  }
  const shown = new Set([...subjects.keys()].flatMap((query) => query.match(/[a-zA-Z_:][\w:]*/g) ?? []));
  for (const { metric, kind, unit } of captures.flatMap(({ engine }) => engine.metadata())) {
    if (shown.has(metric)) continue;
    const selector = /^[a-zA-Z_:][\w:]*$/.test(metric) ? metric : `{__name__=${JSON.stringify(metric)}}`;
    // Of time that was spent per second a share is shown.
    const scale = kind === 'counter' && unit === 'nanoseconds' ? ' / 1e9' : '';
    const query =
      kind === 'counter'
        ? `sum(irate(${selector}[5m]))${scale}`
        : kind === 'gauge'
          ? `sum(${selector})`
          : selector;
    const measure = kind === 'histogram' ? 'histogram' : 'line';
    subjects.set(query, { kind: measure, title: metric, query, unit: unitOf(kind, unit) });
  }
  return [...subjects.values()];
}

function plotsOf({ groups }: Section): { subgroup: string; plot: Plot }[] {
  return groups.flatMap(({ subgroups }) =>
    subgroups.flatMap(({ name, plots }) => plots.map((plot) => ({ subgroup: name, plot }))),
  );
}

function unitOf(kind: string, unit: string | undefined): UnitSystem {
  if (unit === 'bytes') return kind === 'counter' ? 'datarate' : 'bytes';
  if (unit === 'nanoseconds') return kind === 'counter' ? 'percentage' : 'time';
  return kind === 'counter' ? 'rate' : 'count';
}

function spreadOf(sketch: Sketch | null): Spread | null {
  if (sketch === null) return null;
  const { count, mean, quantiles } = sketch;
  const at = (level: number) => quantiles[Math.round(level * (quantileCount - 1))]!;
  return { count, mean, median: at(0.5), p99: at(0.99) };
}

/**
 * effectOf: Cliff's delta (Cliff 1993, "Dominance statistics"): P(b > a) - P(b < a), over the quantiles of both sides
 * instead of all values.
 */
export function effectOf(a: Sketch | null, b: Sketch | null): number {
  if (a === null || b === null) return 0;
  const { length } = a.quantiles;
  let sum = 0;
  let below = 0;
  let notAbove = 0;
  // Both ascend, so what is below, or not above, a value of b only grows.
  for (const value of b.quantiles) {
    while (below < length && a.quantiles[below]! < value) below++;
    while (notAbove < length && a.quantiles[notAbove]! <= value) notAbove++;
    sum += below - (length - notAbove);
  }
  return sum / (length * b.quantiles.length);
}
