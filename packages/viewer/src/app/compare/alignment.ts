import type { Capture } from '../../contract.ts';
import type { Window } from '../lib/zoom.ts';

/** Choice: a capture that is shown, and how much later than by itself it is drawn, ms. */
export interface Choice {
  readonly id: string;
  readonly offset: number;
}

/** Shown: a capture on screen: its times are `shift` ms later there than they were. */
export interface Shown {
  readonly capture: Capture;
  readonly offset: number;
  readonly shift: number;
}

/**
 * alignCaptures: the chosen captures of `loaded` on the clock of the first one: those of its own time stay where they
 * are, others begin where it begins; then each moves by its offset. Shifts are whole steps of the base, so that the
 * samples of all of them meet. Without a choice all are shown.
 */
export function alignCaptures(loaded: readonly Capture[], choices: readonly Choice[] | undefined): Shown[] {
  const found = (choices ?? []).flatMap(({ id, offset }) => {
    const capture = loaded.find((one) => one.id === id);
    return capture ? [{ capture, offset }] : [];
  });
  const wanted = found.length > 0 ? found : loaded.map((capture) => ({ capture, offset: 0 }));
  const base = wanted[0]?.capture;
  if (!base) return [];
  const step = Math.max(1, base.intervalMs);
  const whole = (ms: number) => Math.round(ms / step) * step + 0;
  return wanted.map(({ capture, offset }, i) => {
    const own = capture === base || overlaps(base, capture) ? 0 : whole(base.startMs - capture.startMs);
    return { capture, offset, shift: i === 0 ? 0 : own + whole(offset) };
  });
}

/** overlaps: whether two captures share at least half of the shorter one's time. */
function overlaps(a: Capture, b: Capture): boolean {
  const common = Math.min(a.endMs, b.endMs) - Math.max(a.startMs, b.startMs);
  return common > 0 && common >= Math.min(a.endMs - a.startMs, b.endMs - b.startMs) / 2;
}

/** spanOf: where a capture lies on screen. */
export function spanOf({ capture, shift }: Shown): Window {
  return { min: capture.startMs + shift, max: capture.endMs + shift };
}

/** unionOf: the window that holds all of them. */
export function unionOf(shown: readonly Shown[]): Window {
  const spans = shown.filter(({ capture }) => capture.endMs > 0).map(spanOf);
  if (spans.length === 0) return { min: 0, max: 1 };
  return {
    min: Math.min(...spans.map(({ min }) => min)),
    max: Math.max(...spans.map(({ max }) => max)),
  };
}

/** parseChoices: `1,2@1500,3@-200` (id, offset in ms); undefined for anything else. */
export function parseChoices(text: string | null): Choice[] | undefined {
  if (text === null) return undefined;
  const choices: Choice[] = [];
  for (const part of text.split(',').slice(0, 8)) {
    const match = /^(\d{1,6})(?:@(-?\d{1,12}))?$/.exec(part);
    if (match === null || choices.some(({ id }) => id === match[1])) return undefined;
    choices.push({ id: match[1]!, offset: Number(match[2] ?? 0) });
  }
  return choices;
}

/** formatChoices: what {@link parseChoices} reads. */
export function formatChoices(choices: readonly Choice[]): string {
  return choices.map(({ id, offset }) => (offset === 0 ? id : `${id}@${Math.round(offset)}`)).join(',');
}
