import { type Capture, type LiveEvent, routes, type SectionSummary } from '../../contract.ts';
import { getJson, url } from '../lib/api.ts';
import type { Theme } from '../lib/colors.ts';
import { formatHash, pages, parseHash, type ViewState } from '../lib/url.ts';
import {
  clampWindow,
  resolveZoom,
  scaleWindow,
  shiftWindow,
  type Window,
  type Zoom,
  zoomTo,
} from '../lib/zoom.ts';
import { forgetSections, loadSection } from './sections.ts';

/** liveTail: what a live capture shows at first, ms. */
const liveTail = 5 * 60_000;
/** settleAfter: how long a zoom rests before charts ask for finer data, ms. */
const settleAfter = 150;

/**
 * View: the one store of what is looked at: capture, page, window, step, cursor, theme. Its methods are the only
 * writers, so charts never echo each other.
 */
class View {
  capture = $state.raw<Capture | null>(null);
  sections = $state.raw<readonly SectionSummary[]>([]);
  failure = $state.raw<string | null>(null);
  /** Who does not answer just now; live captures only. */
  lost = $state<'agent' | 'viewer' | null>(null);

  page = $state('overview');
  plot = $state<string | undefined>();
  query = $state<string | undefined>();
  buckets = $state(false);
  theme = $state<Theme>('dark');
  /** The time under the pointer (ms) and the chart it is in. */
  cursor = $state.raw<{ readonly time: number; readonly owner: string } | null>(null);
  /** The window whose data charts load; follows {@link window} once it rests. */
  settled = $state.raw<Window>({ min: 0, max: 1 });
  /** The capture's span when {@link settled} was taken. */
  settledBounds = $state.raw<Window>({ min: 0, max: 1 });

  #zoom = $state.raw<Zoom>({ kind: 'all' });
  #step = $state<number | undefined>();
  #bounds = $state.raw<Window>({ min: 0, max: 1 });
  #timer: ReturnType<typeof setTimeout> | undefined;
  #refreshed = 0;

  readonly window = $derived(resolveZoom(this.#zoom, this.#bounds));
  readonly live = $derived(this.capture?.kind === 'live');
  readonly interval = $derived(Math.max(1, this.capture?.intervalMs || 1000));
  readonly step = $derived(this.#step ?? this.interval);
  readonly zoomed = $derived(this.#zoom.kind === 'fixed' || (this.#zoom.kind === 'tail' && !this.live));
  readonly following = $derived(this.live && this.#zoom.kind !== 'fixed');

  get bounds(): Window {
    return this.#bounds;
  }

  get stepChoice(): number | undefined {
    return this.#step;
  }

  /** start loads the capture, restores what the location says, and follows live events. */
  async start(): Promise<void> {
    // The first section is most likely wanted, and need not wait for the rest.
    const { page } = parseHash(location.hash);
    if (!(pages as readonly string[]).includes(page)) loadSection(page).catch(() => undefined);
    try {
      const [capture, sections] = await Promise.all([
        getJson<Capture>(routes.capture),
        getJson<SectionSummary[]>(routes.sections),
      ]);
      this.capture = capture;
      this.sections = sections;
      this.#bounds = { min: capture.startMs, max: capture.endMs };
      this.#apply(parseHash(location.hash));
      if (this.#zoom.kind === 'all' && capture.kind === 'live') this.follow();
      addEventListener('hashchange', () => this.#apply(parseHash(location.hash)));
      if (capture.kind === 'live') this.#listen();
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    }
  }

  #apply(state: ViewState): void {
    this.page = state.page;
    this.plot = state.plot;
    this.query = state.query;
    this.buckets = state.buckets;
    this.#step = state.step;
    this.#zoom = state.zoom;
    this.#settle();
  }

  #listen(): void {
    const events = new EventSource(url(routes.live));
    events.onerror = () => {
      this.lost = 'viewer';
    };
    events.onmessage = ({ data }) => {
      const event = JSON.parse(data) as LiveEvent;
      this.lost = event.connected ? null : 'agent';
      if (event.startMs === this.#bounds.min && event.endMs === this.#bounds.max) return;
      const first = !(this.#bounds.max > this.#bounds.min);
      this.#bounds = { min: event.startMs, max: event.endMs };
      this.capture = { ...this.capture!, startMs: event.startMs, endMs: event.endMs, series: event.series };
      this.#refresh();
      // What a live store can show is known once it holds something, and changes as samplers come up.
      if (first || event.series !== this.#seriesSeen) void this.#reloadSections(event.series);
    };
  }

  #seriesSeen = 0;

  async #reloadSections(series: number): Promise<void> {
    this.#seriesSeen = series;
    forgetSections();
    this.sections = await getJson<SectionSummary[]>(routes.sections).catch(() => this.sections);
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
    this.settledBounds = this.#bounds;
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

  /** hash: the location hash of this view, with `changes`. */
  hash(changes: Partial<ViewState> = {}): string {
    const { page, plot, query, buckets } = this;
    const now: ViewState = { page, plot, query, buckets, zoom: this.#zoom, step: this.#step };
    return formatHash({ ...now, ...changes });
  }

  /** link: the hash of another page, with the same window, step and view. */
  link(page: string): string {
    return this.hash({ page, plot: undefined, query: undefined });
  }

  /** show moves every chart to `window`. */
  show(window: Window): void {
    this.#setZoom(zoomTo(window, this.#bounds, this.step * 5, this.live));
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
    this.show(clampWindow(scaled, this.#bounds, this.step * 5));
  }

  /** pan moves the window by a fraction of its width. */
  pan(fraction: number): void {
    if (this.window.max - this.window.min < this.#bounds.max - this.#bounds.min) {
      this.show(shiftWindow(this.window, fraction, this.#bounds));
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
