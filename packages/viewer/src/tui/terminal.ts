import type { ReadStream, WriteStream } from 'node:tty';
import { plotQuery, rangeRequest } from '../app/lib/plot-query.ts';
import type { Plot, RangeReply, Section } from '../contract.ts';
import { Library, type NamedSource } from '../server/library.ts';
import { loadSections } from '../server/sections/load.ts';
import { decodeRange } from '../wire.ts';
import { type Chart, draw, type Scene } from './screen.ts';

/** TerminalOptions: what to show and where. `input` and `output` are those of a terminal. */
export interface TerminalOptions {
  readonly source: NamedSource;
  /** Sections beside our own. */
  readonly sections?: readonly Section[];
  readonly input: ReadStream;
  readonly output: WriteStream;
  readonly signal: AbortSignal;
}

const windows = [60_000, 300_000, 900_000, Number.POSITIVE_INFINITY];
const redrawMs = 1000;
const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';

/** runTerminal: shows a capture in a terminal until the user leaves or `signal` fires; closes the source. */
export async function runTerminal(options: TerminalOptions): Promise<void> {
  const library = new Library([...(await loadSections()), ...(options.sections ?? [])]);
  const screen = new Terminal(library, options);
  try {
    await screen.run();
  } finally {
    await library.close();
  }
}

/** Terminal: keys in, frames out. One round of questions is under way at a time; keys give it up. */
class Terminal {
  readonly #options: TerminalOptions;
  readonly #capture: ReturnType<Library['add']>;
  readonly #done = Promise.withResolvers<void>();
  #page: Scene['page'] = 'overview';
  #before: Scene['page'] = 'overview';
  #section = 0;
  #first = 0;
  #window = 1;
  #asking = new AbortController();
  #replies = new Map<string, RangeReply | string>();
  #note = '';
  #failure: unknown;

  constructor(library: Library, options: TerminalOptions) {
    this.#options = options;
    this.#capture = library.add(options.source);
  }

  async run(): Promise<void> {
    const { input, output, signal } = this.#options;
    // Keys that are pressed fast come together.
    const key = (text: string) => {
      for (const one of text.match(/\u001b\[[\d;]*[~A-Za-z]|./gs) ?? []) this.#press(one);
    };
    const resized = () => this.#show();
    const ended = () => this.#done.resolve();
    // A recording does not change, so only what lives is drawn by the clock.
    const timer = this.#capture.source.kind === 'file' ? null : setInterval(() => this.#ask(), redrawMs);
    input.setRawMode(true).setEncoding('utf8').on('data', key).on('end', ended);
    output.on('resize', resized);
    signal.addEventListener('abort', ended);
    output.write(enter);
    try {
      this.#ask();
      await this.#done.promise;
      if (this.#failure !== undefined) throw this.#failure;
    } finally {
      if (timer) clearInterval(timer);
      this.#asking.abort();
      input.setRawMode(false).off('data', key).off('end', ended).pause();
      output.off('resize', resized).write(leave);
    }
  }

  #press(key: string): void {
    const turn = (by: number) => {
      const { length } = this.#sections();
      this.#section = (this.#section + by + length) % Math.max(1, length);
      this.#first = 0;
      if (this.#page === 'overview') this.#page = 'browse';
    };
    if (key === 'q' || key === '\u0003') {
      this.#done.resolve();
      return;
    }
    if (this.#page === 'help') this.#page = this.#before;
    else if (key === '?') {
      this.#before = this.#page;
      this.#page = 'help';
    } else if (key === '\t' || key === 'o') {
      this.#page = this.#page === 'overview' ? 'browse' : 'overview';
      this.#first = 0;
    } else if (key === 'j' || key === '\u001b[B') turn(1);
    else if (key === 'k' || key === '\u001b[A') turn(-1);
    else if (key === 'J' || key === '\u001b[6~')
      this.#first = Math.min(this.#first + 2, Math.max(0, this.#plots().length - 1));
    else if (key === 'K' || key === '\u001b[5~') this.#first = Math.max(0, this.#first - 2);
    else if (key === '[') this.#window = Math.max(0, this.#window - 1);
    else if (key === ']') this.#window = Math.min(windows.length - 1, this.#window + 1);
    else if (key !== 'r') return;
    this.#asking.abort();
    this.#asking = new AbortController();
    this.#ask();
  }

  #sections() {
    return this.#capture.sections.summaries().filter(({ available }) => available > 0);
  }

  /** #plots: what the page shows: of the section that is chosen, or of the first one. */
  #plots(): Plot[] {
    const id = this.#page === 'overview' ? 'overview' : this.#sections()[this.#section]?.id;
    const section = this.#capture.sections.section(id ?? 'overview');
    const plots = section?.groups.flatMap(({ subgroups }) => subgroups.flatMap((one) => one.plots)) ?? [];
    // Lines of text cannot be a heatmap; the same numbers are there as lines, too.
    return plots.filter(({ id, multiDeviceOnly }) => !multiDeviceOnly && !(id in (section?.empty ?? {})));
  }

  #span() {
    const { startMs, endMs, intervalMs } = this.#capture.source.source;
    const start = Math.max(startMs, endMs - windows[this.#window]!);
    return { start, end: Math.max(endMs, start + 1000), step: intervalMs || 1000 };
  }

  #show(): void {
    const { output, source } = this.#options;
    const charts = this.#plots().map((plot): Chart => ({ plot, reply: this.#replies.get(plot.id) ?? null }));
    const { columns = 80, rows = 24 } = output;
    const lines = draw(
      {
        name: source.alias ?? source.source.name,
        page: this.#page,
        sections: this.#sections(),
        section: this.#section,
        first: this.#first,
        charts,
        note: this.#note,
        ...this.#span(),
      },
      columns,
      rows,
    );
    output.write(`\u001b[H${lines.join('\r\n')}`);
  }

  /** #ask gets what the charts on screen show, one after the other, and draws as answers come. */
  #ask(): void {
    const { signal } = this.#asking;
    this.#round(signal).catch((error: unknown) => {
      if (signal.aborted) return;
      this.#failure = error;
      this.#done.resolve();
    });
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { live } = this.#capture.source;
    this.#note = live && !live.connected ? 'the agent does not answer' : '';
    this.#show();
    const { start, end, step } = this.#span();
    const window = { min: start, max: end };
    const { rows = 24 } = this.#options.output;
    for (const plot of this.#plots().slice(this.#first, this.#first + rows)) {
      const query = plotQuery(plot, { buckets: false, alternative: false });
      const wanted = rangeRequest(query, window, window, step, 400);
      let reply: RangeReply | string;
      try {
        const request = { query, startMs: wanted.start, endMs: wanted.end, stepMs: step, points: 400 };
        reply = decodeRange((await this.#capture.queries.range(request, signal)).buffer);
      } catch (error) {
        reply = error instanceof Error ? error.message : String(error);
      }
      if (signal.aborted) return;
      this.#replies.set(plot.id, reply);
      this.#show();
    }
  }
}
