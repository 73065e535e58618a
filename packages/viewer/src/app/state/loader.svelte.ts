import type { RangeReply } from '../../contract.ts';
import { fetchRange, RequestError } from '../lib/api.ts';
import { ReplyCache } from '../lib/cache.ts';
import { answers, isEmpty, type RangeRequest } from '../lib/plot-query.ts';

/** LoadState: what a chart has to show. `empty` only where it never had anything. */
export type LoadState = 'loading' | 'ready' | 'empty' | 'error';

const cache = new ReplyCache(48 << 20);
const keyOf = (wanted: RangeRequest) => Object.values(wanted).join('\n');

/** isSamePlot: whether two requests differ in their window only, as those of a live capture do. */
function isSamePlot(a: RangeRequest, b: RangeRequest): boolean {
  const isMoved = a.end - a.start <= (b.end - b.start) * 1.5 && b.end - b.start <= (a.end - a.start) * 1.5;
  return isMoved && keyOf({ ...a, start: 0, end: 0 }) === keyOf({ ...b, start: 0, end: 0 });
}

/**
 * Loader: the data of one chart. What it has stays until something better arrived; of requests that overtake each
 * other only the last one counts.
 */
export class Loader {
  state = $state<LoadState>('loading');
  reply = $state.raw<RangeReply | null>(null);
  /** The step of `reply`, ms. */
  step = $state(1000);
  error = $state('');
  #had: RangeRequest | null = null;
  #wanted = '';
  #abort: AbortController | null = null;
  /** The request under way, and of a live capture the one that follows it. */
  #running: RangeRequest | null = null;
  #next: RangeRequest | null = null;

  /** load gets what `wanted` asks for unless it is there or under way. `fresh` = whatever was kept may have aged. */
  async load(wanted: RangeRequest, fresh: boolean): Promise<void> {
    const key = keyOf(wanted);
    if (
      this.#had &&
      this.reply &&
      this.state !== 'error' &&
      !fresh &&
      answers(this.#had, this.reply, wanted)
    ) {
      this.stop();
      return;
    }
    if (key === this.#wanted) return;
    if (fresh && this.#running && isSamePlot(this.#running, wanted)) {
      // A slow answer about a moment ago is worth more than none about now.
      this.#next = wanted;
      return;
    }
    this.stop();
    const kept = fresh ? undefined : cache.get(key);
    if (kept) {
      this.#take(wanted, kept);
      return;
    }
    const abort = new AbortController();
    this.#abort = abort;
    this.#wanted = key;
    this.#running = wanted;
    try {
      const reply = await fetchRange(wanted, abort.signal);
      if (abort.signal.aborted) return;
      if (!fresh) cache.set(key, reply);
      this.#take(wanted, reply);
    } catch (error) {
      if (abort.signal.aborted) return;
      // A chart outlives a server that is away for a while; the page says so elsewhere.
      const same = this.state === 'ready' && this.#had?.query === wanted.query;
      if (same && error instanceof RequestError && error.type === 'network') return;
      this.error = error instanceof Error ? error.message : String(error);
      this.state = 'error';
    } finally {
      if (this.#abort === abort) {
        const next = this.#next;
        this.stop();
        if (next) void this.load(next, fresh);
      }
    }
  }

  /** stop drops the request under way. */
  stop(): void {
    this.#abort?.abort();
    this.#abort = null;
    this.#wanted = '';
    this.#running = null;
    this.#next = null;
  }

  #take(wanted: RangeRequest, reply: RangeReply): void {
    const changed = this.#had?.query !== wanted.query;
    this.#had = wanted;
    this.step = wanted.step;
    this.reply = reply;
    // A window without data is no reason to take away a chart that has some elsewhere.
    const hadSome = !changed && this.state === 'ready';
    this.state = isEmpty(reply) && !hadSome ? 'empty' : 'ready';
  }
}
