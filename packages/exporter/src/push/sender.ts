import { setTimeout as wait } from 'node:timers/promises';
import { type Logger, sentence } from '@rezolus/core';
import type { DiskQueue } from './disk-queue.ts';
import { type Outcome, post } from './post.ts';

/** SenderOptions: where to, with which headers; `headers` is asked before each request, so that tokens may change. */
export interface SenderOptions {
  readonly url: URL;
  readonly timeoutMs: number;
  readonly log: Logger;
  headers(): Record<string, string>;
  sent(samples: number): void;
  failed(): void;
}

const firstBackoffMs = 250;
const maxBackoffMs = 30_000;

/**
 * Sender: empties a queue in order, one request at a time. What the server cannot take now is sent again, with waits that
 * double up to 30 s; what it refuses is given up and counted by the queue.
 */
export class Sender {
  readonly #queue: DiskQueue;
  readonly #options: SenderOptions;
  #wake = Promise.withResolvers<void>();
  #complained = false;

  constructor(queue: DiskQueue, options: SenderOptions) {
    this.#queue = queue;
    this.#options = options;
  }

  /** wake: there is something in the queue. */
  wake(): void {
    this.#wake.resolve();
  }

  /** run: sends until the signal aborts; what is left stays in the queue. */
  async run(signal: AbortSignal): Promise<void> {
    const { url, log } = this.#options;
    signal.addEventListener('abort', () => this.wake(), { once: true });
    let backoffMs = firstBackoffMs;
    while (!signal.aborted) {
      const entry = this.#queue.peek();
      if (entry === null) {
        await this.#wake.promise;
        this.#wake = Promise.withResolvers<void>();
        continue;
      }
      const before = this.#queue.droppedSamples;
      const outcome = await this.#post(entry.body, signal);
      // A queue that was full may have given this request up while it was on its way.
      const isFirst = this.#queue.droppedSamples === before;
      if (outcome.result === 'ok') {
        if (isFirst) this.#queue.done();
        this.#options.sent(entry.samples);
        if (this.#complained) log.info({ url: url.origin }, 'the server takes samples again');
        this.#complained = false;
        backoffMs = firstBackoffMs;
        continue;
      }
      if (signal.aborted) return;
      this.#options.failed();
      if (outcome.result === 'refused') {
        log.error(
          { url: url.origin, samples: entry.samples },
          `the server refused samples: ${outcome.reason}`,
        );
        if (isFirst) this.#queue.drop();
        continue;
      }
      if (!this.#complained)
        log.warn({ url: url.origin }, `cannot send, will go on trying: ${outcome.reason}`);
      this.#complained = true;
      await wait(outcome.retryAfterMs ?? backoffMs, undefined, { signal }).catch(() => {});
      backoffMs = Math.min(2 * backoffMs, maxBackoffMs);
    }
  }

  async #post(body: Uint8Array, signal: AbortSignal): Promise<Outcome> {
    const { url, timeoutMs, headers } = this.#options;
    try {
      return await post(url, headers(), body, timeoutMs, signal);
    } catch (error) {
      // A file with a secret that is being replaced is there again soon.
      return { result: 'retry', reason: sentence(error), retryAfterMs: null };
    }
  }
}
