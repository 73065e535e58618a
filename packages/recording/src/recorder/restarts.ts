import type { RecordingEvent } from '../facts.ts';
import type { Endpoint } from './endpoint.ts';

/** Start times that differ by less are the same start: they are told in whole seconds. */
const toleranceMs = 3000;

/** A part of the counters that falls back together is a restart, where the agent does not say when it began. */
const mostCounters = 0.5;

/**
 * RestartWatch: notices that an agent was restarted. It is asked when it began, but only when there is a reason to: it
 * was away, or a counter fell.
 */
export class RestartWatch {
  readonly #endpoint: Endpoint;
  readonly #signal: AbortSignal;
  readonly #onRestart: (event: RecordingEvent) => void;
  #startedMs: number | undefined;
  readonly #first: Promise<void>;
  #lost = false;
  #checking: Promise<void> | null = null;

  constructor(endpoint: Endpoint, signal: AbortSignal, onRestart: (event: RecordingEvent) => void) {
    this.#endpoint = endpoint;
    this.#signal = signal;
    this.#onRestart = onRestart;
    this.#first = this.#ask().then((startedMs) => {
      this.#startedMs = startedMs;
    });
  }

  /** lost: the agent did not answer. */
  lost(): void {
    this.#lost = true;
  }

  /** sampled: it did, at this time, and this part of its counters fell. */
  sampled(timestampNs: bigint, decreased: number): void {
    const suspicious = this.#lost || decreased > 0;
    this.#lost = false;
    if (!suspicious || this.#checking !== null) return;
    this.#checking = this.#check(timestampNs, decreased).finally(() => {
      this.#checking = null;
    });
  }

  /** settled: resolves when no question is open. */
  async settled(): Promise<void> {
    await this.#checking;
  }

  async #check(timestampNs: bigint, decreased: number): Promise<void> {
    await this.#first;
    const startedMs = await this.#ask();
    const known = startedMs !== undefined && this.#startedMs !== undefined;
    const later = known && startedMs - this.#startedMs! > toleranceMs;
    const restarted = later || decreased >= mostCounters;
    if (startedMs !== undefined) this.#startedMs = startedMs;
    if (!restarted) return;
    const began =
      startedMs === undefined ? 'its counters fell' : `it began at ${new Date(startedMs).toISOString()}`;
    this.#onRestart({
      timestamp: timestampNs,
      description: 'the agent was restarted',
      kind: 'agent_restart',
      details: began,
    });
  }

  #ask(): Promise<number | undefined> {
    return this.#endpoint.startedMs(this.#signal).catch(() => undefined);
  }
}
