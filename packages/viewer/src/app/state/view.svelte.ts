import { type Capture, firstCapture, pages, routes, type SectionSummary } from '../../contract.ts';
import { alignCaptures, type Choice, type Shown, unionOf } from '../compare/alignment.ts';
import { getJson } from '../lib/api.ts';
import type { Theme } from '../lib/colors.ts';
import { type Member, membersMatch } from '../lib/members.ts';
import type { Whom } from '../lib/plot-query.ts';
import { formatHash, parseHash, type ViewState } from '../lib/url.ts';
import {
  clampWindow,
  resolveZoom,
  scaleWindow,
  shiftWindow,
  type Window,
  type Zoom,
  zoomTo,
} from '../lib/zoom.ts';
import { captures } from './captures.svelte.ts';
import { forgetSections, loadSection, loadSummaries } from './sections.ts';

/** liveTail: what a live capture shows at first, ms. */
const liveTail = 5 * 60_000;
/** settleAfter: how long a zoom rests before charts ask for finer data, ms. */
const settleAfter = 150;

/**
 * View: the one store of what is looked at: captures, page, window, step, cursor, theme. Its methods are the only
 * writers, so charts never echo each other.
 */
class View {
  sections = $state.raw<readonly SectionSummary[]>([]);
  failure = $state.raw<string | null>(null);
  started = $state(false);

  page = $state('overview');
  plot = $state<string | undefined>();
  query = $state<string | undefined>();
  node = $state<string | undefined>();
  members = $state.raw<readonly Member[]>([]);
  buckets = $state(false);
  /** Whether captures are drawn as differences from the base. */
  difference = $state(false);
  log = $state(false);
  statistics = $state(false);
  /** Whether the crosshair stays where it is. */
  held = $state(false);
  picks = $state.raw<Readonly<Record<string, string>>>({});
  theme = $state<Theme>('dark');
  /** The time under the pointer (ms) and the chart it is in. */
  cursor = $state.raw<{ readonly time: number; readonly owner: string } | null>(null);
  /** The window whose data charts load; follows {@link window} once it rests. */
  settled = $state.raw<Window>({ min: 0, max: 1 });
  /** The captures' span when {@link settled} was taken. */
  settledBounds = $state.raw<Window>({ min: 0, max: 1 });

  /** {@link shown} when {@link settled} was taken. */
  settledShown = $state.raw<readonly Shown[]>([]);

  #zoom = $state.raw<Zoom>({ kind: 'all' });
  #step = $state<number | undefined>();
  #choices = $state.raw<readonly Choice[] | undefined>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #refreshed = 0;
  #seriesSeen = '';

  /** The captures on screen, on the clock of the first one. */
  readonly shown = $derived(alignCaptures(captures.all, this.#choices));
  readonly capture = $derived<Capture | null>(this.shown[0]?.capture ?? null);
  readonly comparing = $derived(this.shown.length > 1);
  /** Where times are counted from (ms): the beginning of the base, where captures are of different times; else null. */
  readonly origin = $derived(
    this.shown.some(({ shift }) => shift !== 0) ? (this.capture?.startMs ?? null) : null,
  );
  readonly bounds = $derived(unionOf(this.shown));
  readonly window = $derived(resolveZoom(this.#zoom, this.bounds));
  readonly live = $derived(this.shown.some(({ capture }) => capture.kind !== 'file'));
  readonly interval = $derived(Math.max(1, ...this.shown.map(({ capture }) => capture.intervalMs || 1000)));
  readonly step = $derived(this.#step ?? this.interval);
  readonly zoomed = $derived(this.#zoom.kind === 'fixed' || (this.#zoom.kind === 'tail' && !this.live));
  readonly following = $derived(this.live && this.#zoom.kind !== 'fixed');
  /** Who does not answer just now; of what grows only. */
  readonly lost = $derived<'source' | 'viewer' | null>(
    captures.silent
      ? 'viewer'
      : this.shown.some(({ capture }) => captures.lost.has(capture.id))
        ? 'source'
        : null,
  );

  get stepChoice(): number | undefined {
    return this.#step;
  }

  /** start loads the captures, restores what the location says, and follows live events. */
  async start(): Promise<void> {
    // The first section is most likely wanted, and need not wait for the rest.
    const { page, captures: choices } = parseHash(location.hash);
    const capture = choices?.[0]?.id;
    if (!(pages as readonly string[]).includes(page))
      loadSection(page, [capture ?? firstCapture]).catch(() => undefined);
    try {
      const [sections] = await Promise.all([
        getJson<SectionSummary[]>(routes.sections, { capture }).catch(() => []),
        captures.start((id) => this.#grown(id)),
      ]);
      this.sections = sections;
      if (location.hash === '' && captures.all.length > 1) history.replaceState(null, '', '#/compare');
      this.#apply(parseHash(location.hash));
      if (this.#zoom.kind === 'all' && this.live) this.follow();
      if (this.comparing) await this.#reloadSections();
      addEventListener('hashchange', () => this.#apply(parseHash(location.hash)));
      this.started = true;
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    }
  }

  #apply(state: ViewState): void {
    const before = this.ids.join();
    this.page = state.page;
    this.plot = state.plot;
    this.query = state.query;
    this.node = state.node;
    this.members = state.members ?? [];
    this.buckets = state.buckets;
    this.difference = state.difference ?? false;
    this.log = state.log ?? false;
    this.statistics = state.statistics ?? false;
    this.picks = state.picks ?? {};
    this.#step = state.step;
    this.#choices = state.captures;
    this.#zoom = state.zoom;
    this.#settle();
    if (this.started && this.ids.join() !== before) void this.#reloadSections();
  }

  /** ids: those of the captures on screen; asked for their sections. */
  get ids(): string[] {
    return this.shown.map(({ capture }) => capture.id);
  }

  #grown(id: string): void {
    const grown = this.shown.find(({ capture }) => capture.id === id)?.capture;
    if (!grown) return;
    this.#refresh();
    // What a live store can show is known once it holds something, and changes as samplers come up.
    const series = this.shown.map(({ capture }) => capture.series).join();
    if (series === this.#seriesSeen) return;
    this.#seriesSeen = series;
    forgetSections();
    void this.#reloadSections();
  }

  async #reloadSections(): Promise<void> {
    this.sections = await loadSummaries(this.ids).catch(() => this.sections);
  }

  /** choose shows these captures, the base first; undefined shows all. */
  choose(choices: readonly Choice[] | undefined): void {
    this.#choices = choices;
    this.#settle();
    this.#remember();
    void this.#reloadSections();
  }

  /** choices: the captures on screen as {@link choose} takes them. */
  get choices(): Choice[] {
    return this.shown.map(({ capture, offset }) => ({ id: capture.id, offset }));
  }

  /** align draws a capture `offset` ms later than by itself. */
  align(id: string, offset: number): void {
    this.#choices = this.choices.map((one) => (one.id === id ? { id, offset } : one));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#settle();
      this.#remember();
    }, settleAfter);
  }

  /** loaded shows what was just loaded: beside what is there, the whole of it. */
  loaded(): void {
    this.#choices = undefined;
    this.#zoom = { kind: 'all' };
    forgetSections();
    this.#settle();
    this.#remember();
    void this.#reloadSections();
  }

  /** #refresh lets charts load the newest data, but no more often than a new pixel could show. */
  #refresh(): void {
    if (!this.following) return;
    const period = Math.max(this.interval, (this.window.max - this.window.min) / 600);
    if (performance.now() - this.#refreshed < period - 50) return;
    this.#settle();
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#refreshed = performance.now();
    this.settled = this.window;
    this.settledBounds = this.bounds;
    this.settledShown = this.shown;
  }

  #setZoom(zoom: Zoom): void {
    this.#zoom = zoom;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#settle();
      this.#remember();
    }, settleAfter);
  }

  /** #remember writes the state into the location without a step in the history. */
  #remember(): void {
    history.replaceState(null, '', this.hash());
  }

  /** whom: whom a chart asks, as {@link settledShown} has it: the base, or another capture on screen. */
  whom(at = 0): Whom {
    const { capture, shift } = this.settledShown[at] ?? {};
    const node =
      this.node !== undefined && capture?.nodes?.values.includes(this.node) ? this.node : undefined;
    const match = membersMatch(this.members);
    return { capture: capture?.id, node, shift: shift === 0 ? undefined : shift, match };
  }

  /** nodes: the machines to choose from: those of all captures on screen. */
  readonly nodes = $derived([...new Set(this.shown.flatMap(({ capture }) => capture.nodes?.values ?? []))]);

  /** hash: the location hash of this view, with `changes`. */
  hash(changes: Partial<ViewState> = {}): string {
    const { page, plot, query, buckets, node, members, difference, log, statistics, picks } = this;
    const captures = this.#choices;
    const zoom = this.#zoom;
    const now: ViewState = {
      page,
      plot,
      query,
      buckets,
      node,
      members,
      difference,
      log,
      statistics,
      picks,
      captures,
      zoom,
      step: this.#step,
    };
    return formatHash({ ...now, ...changes });
  }

  /** link: the hash of another page, with the same window, step and view. */
  link(page: string): string {
    return this.hash({ page, plot: undefined, query: undefined, members: undefined });
  }

  /** show moves every chart to `window`. */
  show(window: Window): void {
    this.#setZoom(zoomTo(window, this.bounds, this.step * 5, this.live));
  }

  /** reset shows the whole capture. */
  reset(): void {
    this.#setZoom({ kind: 'all' });
  }

  /** follow shows the newest minutes of a live capture and stays with them. */
  follow(): void {
    this.#setZoom({ kind: 'tail', width: liveTail });
  }

  /** zoomBy scales the window around the cursor, or around its middle. */
  zoomBy(factor: number): void {
    const { min, max } = this.window;
    const centre = this.cursor?.time ?? (min + max) / 2;
    const scaled = scaleWindow(this.window, factor, Math.min(Math.max(centre, min), max));
    this.show(clampWindow(scaled, this.bounds, this.step * 5));
  }

  /** pan moves the window by a fraction of its width. */
  pan(fraction: number): void {
    if (this.window.max - this.window.min < this.bounds.max - this.bounds.min) {
      this.show(shiftWindow(this.window, fraction, this.bounds));
    }
  }

  setStep(step: number | undefined): void {
    this.#step = step;
    this.#remember();
  }

  setBuckets(buckets: boolean): void {
    this.buckets = buckets;
    this.#remember();
  }

  setDifference(difference: boolean): void {
    this.difference = difference;
    this.#remember();
  }

  setLog(log: boolean): void {
    this.log = log;
    this.#remember();
  }

  setStatistics(statistics: boolean): void {
    this.statistics = statistics;
    this.#remember();
  }

  /** hold keeps the crosshair where it is, or lets it go. */
  hold(held: boolean): void {
    this.held = held && this.cursor !== null;
    if (!held) this.cursor = null;
  }

  /** pick compares one series of a plot; undefined is the plot's own choice. */
  pick(plot: string, series: string | undefined): void {
    const { [plot]: _, ...others } = this.picks;
    this.picks = series === undefined ? others : { ...others, [plot]: series };
    this.#remember();
  }

  setNode(node: string | undefined): void {
    this.node = node;
    this.#remember();
  }

  setMembers(members: readonly Member[]): void {
    this.members = members;
    this.#remember();
  }

  setQuery(query: string): void {
    this.query = query;
    this.#remember();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem('rezolus-theme', theme);
    } catch {
      // A browser that keeps nothing still changes its theme.
    }
  }

  /** restoreTheme: the theme of the last visit, else what the system prefers. */
  restoreTheme(): void {
    let kept: string | null = null;
    try {
      kept = localStorage.getItem('rezolus-theme');
    } catch {
      // As on a first visit.
    }
    const light = matchMedia('(prefers-color-scheme: light)').matches;
    const theme = kept === 'light' || kept === 'dark' ? kept : light ? 'light' : 'dark';
    this.theme = theme;
    document.documentElement.dataset.theme = theme;
  }
}

/** view: the store of this page. */
export const view = new View();
