import { alignedTicks, type Logger, RezolusError, type Snapshot, sentence } from '@rezolus/core';
import { HttpClient } from '@rezolus/core/http';
import { SnapshotDecoder } from '@rezolus/exposition';

/** Poll: how one poll of the agent ended. */
export interface Poll {
  readonly result: 'ok' | 'unreachable' | 'invalid';
  readonly seconds: number;
  /** Polls that did not happen because the one before took too long. */
  readonly skipped: number;
}

/** PollerOptions: whom to poll and how often. */
export interface PollerOptions {
  readonly source: URL;
  readonly intervalMs: number;
  readonly log: Logger;
  polled(poll: Poll): void;
}

/** Descriptions are asked for again after this long: an agent may have been restarted with other samplers. */
const descriptionsTtlMs = 300_000;

/**
 * AgentPoller: keeps the last snapshot of an agent, polled on a grid aligned to whole seconds. After a failed poll there
 * is no snapshot: values of the past are not those of now.
 */
export class AgentPoller {
  readonly #options: PollerOptions;
  readonly #decoder = new SnapshotDecoder();
  readonly #timeoutMs: number;
  #describedMs = -Infinity;
  #complained = false;
  /** The last answer, or null while the agent is away. */
  snapshot: Snapshot | null = null;
  /** The snapshot before it, or null. */
  previous: Snapshot | null = null;
  /** Bytes of the last answer. */
  body: Buffer | null = null;
  /** Grows with each poll, also failed ones. */
  sequence = 0;
  /** Metric name to sentence, as the agent says; a new object when it changed. */
  descriptions: Readonly<Record<string, string>> = {};

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#timeoutMs = Math.min(10_000, Math.max(2000, 2 * options.intervalMs));
  }

  /** run: polls at once and then on the grid until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, intervalMs } = this.#options;
    using client = new HttpClient(source);
    await this.#poll(client, 0, signal);
    for await (const { missed } of alignedTicks(intervalMs, signal)) {
      await this.#poll(client, missed, signal);
    }
  }

  async #poll(client: HttpClient, skipped: number, signal: AbortSignal): Promise<void> {
    const { source, log, polled } = this.#options;
    const startMs = performance.now();
    let result: Poll['result'] = 'ok';
    try {
      const body = await this.#get(client, '/metrics/binary', signal);
      const snapshot = this.#decoder.decode(body);
      if (startMs - this.#describedMs > descriptionsTtlMs) await this.#describe(client, signal);
      this.previous = this.snapshot;
      this.snapshot = snapshot;
      this.body = body;
      if (this.#complained) log.info({ source: source.href }, 'the agent answers again');
      this.#complained = false;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof RezolusError)) throw error;
      result = error.code === 'REZ_ERR_ENDPOINT_UNREACHABLE' ? 'unreachable' : 'invalid';
      this.snapshot = null;
      this.previous = null;
      this.body = null;
      this.#describedMs = -Infinity;
      // Once per absence: a line per second would bury everything else.
      if (!this.#complained) log.error({ source: source.href }, `no metrics: ${sentence(error)}`);
      this.#complained = true;
    }
    this.sequence++;
    polled({ result, seconds: (performance.now() - startMs) / 1000, skipped });
  }

  async #get(client: HttpClient, path: string, signal: AbortSignal): Promise<Buffer> {
    const url = new URL(path, this.#options.source);
    const { status, body } = await client.get(url, this.#timeoutMs, signal);
    if (status === 200) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    throw new RezolusError('REZ_ERR_ENDPOINT_RESPONSE', `${url.href} answered with status ${status}`);
  }

  /** describe: help texts are worth nothing without values and values much without them, so a failure is none. */
  async #describe(client: HttpClient, signal: AbortSignal): Promise<void> {
    try {
      const text = (await this.#get(client, '/metrics/descriptions', signal)).toString();
      const parsed: unknown = JSON.parse(text);
      if (typeof parsed !== 'object' || parsed === null) return;
      const entries = Object.entries(parsed).filter(([, value]) => typeof value === 'string');
      if (text !== JSON.stringify(this.descriptions)) this.descriptions = Object.fromEntries(entries);
      this.#describedMs = performance.now();
    } catch {
      signal.throwIfAborted();
    }
  }
}
