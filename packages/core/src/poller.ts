/** A timer of Node takes no longer delay; one near 0 would be a busy loop. */
const intervals = { least: 100, most: 2 ** 31 - 1 } as const;

/**
 * Poller: calls `poll` now and then once per interval until it is stopped, never two at a time: for what is too slow
 * to be read at a refresh. It does not keep the process alive while it waits.
 */
export class Poller {
  readonly #poll: () => Promise<void>;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | null = null;
  #error: unknown = null;

  constructor(intervalMs: number, poll: () => Promise<void>) {
    this.#poll = poll;
    const interval = Math.min(Math.max(intervalMs, intervals.least), intervals.most);
    this.#timer = setInterval(() => this.#start(), interval);
    this.#timer.unref();
    this.#start();
  }

  /** error: what the last call that ended threw, null where it did not. */
  get error(): unknown {
    return this.#error;
  }

  /** settled: the end of the call under way, at once where there is none. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** stop: no more calls; whether the one under way ended within `patienceMs`. */
  async stop(patienceMs = 2000): Promise<boolean> {
    clearInterval(this.#timer);
    if (this.#running === null) return true;
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const patience = setTimeout(() => resolve(false), patienceMs);
    const ended = await Promise.race([this.#running.then(() => true), late]);
    clearTimeout(patience);
    return ended;
  }

  #start(): void {
    if (this.#running !== null) return;
    this.#running = this.#call();
  }

  async #call(): Promise<void> {
    try {
      await this.#poll();
      this.#error = null;
    } catch (error) {
      this.#error = error;
    } finally {
      this.#running = null;
    }
  }
}
