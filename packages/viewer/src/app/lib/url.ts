import { type Choice, formatChoices, parseChoices } from '../compare/alignment.ts';
import { type Member, parseMembers } from './members.ts';
import { formatStep } from './time.ts';
import type { Zoom } from './zoom.ts';

/** ViewState: what a link carries: enough to show its reader what its sender saw. The theme is the reader's own. */
export interface ViewState {
  /** A section's id, or one of {@link pages}. */
  readonly page: string;
  /** The one plot that fills the page. */
  readonly plot?: string | undefined;
  readonly zoom: Zoom;
  /** ms; absent = the capture's own interval. */
  readonly step?: number | undefined;
  /** Whether histograms are drawn as bucket heatmaps instead of percentiles. */
  readonly buckets: boolean;
  /** What the Query page asks. */
  readonly query?: string | undefined;
  /** The captures on screen, the base first; absent = all. */
  readonly captures?: readonly Choice[] | undefined;
  /** The one machine that is looked at. */
  readonly node?: string | undefined;
  /** The members of what a section is about that are looked at alone. */
  readonly members?: readonly Member[] | undefined;
  /** Whether captures are drawn as differences from the base. */
  readonly difference?: boolean | undefined;
  /** Whether lines are drawn on a logarithmic scale. */
  readonly log?: boolean | undefined;
  /** Whether cards tell the statistics of the window. */
  readonly statistics?: boolean | undefined;
  /** The series that a plot compares, by plot id. */
  readonly picks?: Readonly<Record<string, string>> | undefined;
}

const stepUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** parseStep: ms of `250ms`, `15s`, `1m`, `1h`; undefined for anything else. */
export function parseStep(text: string): number | undefined {
  const match = /^(\d{1,6})(ms|s|m|h)$/.exec(text);
  const ms = match === null ? 0 : Number(match[1]) * stepUnits[match[2]!]!;
  return ms > 0 ? ms : undefined;
}

/** parseHash: the state in a location hash. Whatever is missing or makes no sense takes its default. */
export function parseHash(hash: string): ViewState {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const params = new URLSearchParams(search);
  const step = parseStep(params.get('step') ?? '');
  const plot = params.get('plot');
  const query = params.get('q');
  const captures = parseChoices(params.get('c'));
  const node = params.get('node');
  const picks = Object.fromEntries(
    params.getAll('pick').flatMap((pick) => {
      const at = pick.indexOf(':');
      return at > 0 ? [[pick.slice(0, at), pick.slice(at + 1)]] : [];
    }),
  );
  const members = parseMembers(params.getAll('only'));
  return {
    page: decode(path) || 'overview',
    zoom: parseZoom(params),
    buckets: params.get('view') === 'buckets',
    ...(plot ? { plot } : {}),
    ...(step === undefined ? {} : { step }),
    ...(query ? { query } : {}),
    ...(captures ? { captures } : {}),
    ...(node ? { node } : {}),
    ...(members.length > 0 ? { members } : {}),
    ...(params.get('diff') === '1' ? { difference: true } : {}),
    ...(params.get('scale') === 'log' ? { log: true } : {}),
    ...(params.get('stats') === '1' ? { statistics: true } : {}),
    ...(Object.keys(picks).length > 0 ? { picks } : {}),
  };
}

function parseZoom(params: URLSearchParams): Zoom {
  const min = Number(params.get('from') ?? Number.NaN);
  const max = Number(params.get('to') ?? Number.NaN);
  if (Number.isFinite(min) && Number.isFinite(max) && min < max) return { kind: 'fixed', min, max };
  const width = parseStep(params.get('last') ?? '');
  return width === undefined ? { kind: 'all' } : { kind: 'tail', width };
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}

/** formatHash: the location hash of `state`; {@link parseHash} gives it back. */
export function formatHash(state: ViewState): string {
  const params = new URLSearchParams();
  const { zoom } = state;
  if (state.plot !== undefined) params.set('plot', state.plot);
  if (zoom.kind === 'fixed') {
    params.set('from', String(Math.round(zoom.min)));
    params.set('to', String(Math.round(zoom.max)));
  }
  if (zoom.kind === 'tail') params.set('last', formatStep(Math.max(1, Math.round(zoom.width))));
  if (state.step !== undefined) params.set('step', formatStep(state.step));
  if (state.buckets) params.set('view', 'buckets');
  if (state.query !== undefined) params.set('q', state.query);
  if (state.captures !== undefined) params.set('c', formatChoices(state.captures));
  if (state.node !== undefined) params.set('node', state.node);
  for (const member of state.members ?? []) params.append('only', member);
  if (state.difference) params.set('diff', '1');
  if (state.log) params.set('scale', 'log');
  if (state.statistics) params.set('stats', '1');
  for (const [plot, series] of Object.entries(state.picks ?? {})) params.append('pick', `${plot}:${series}`);
  const search = params.toString();
  return `#/${encodeURIComponent(state.page)}${search === '' ? '' : `?${search}`}`;
}
