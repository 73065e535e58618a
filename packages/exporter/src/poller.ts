import { alignedTicks, type Logger, RezolusError, sentence } from '@rezolus/core';
import { endpointText, HttpClient } from '@rezolus/core/http';
import { type SnapshotAnswer, SnapshotReader } from '@rezolus/exposition';
import { noReading, type Poll, type Reading, type SnapshotSource } from './source.ts';

/** PollerOptions: whom to poll and how often. */
export interface PollerOptions {
  readonly source: URL;
  /** Credentials for the agent; empty = none. */
  readonly httpConfigFile: string;
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
export class AgentPoller implements SnapshotSource {
  readonly #options: PollerOptions;
  readonly #reader = new SnapshotReader();
  readonly #timeoutMs: number;
  #describedMs = -Infinity;
  #complained = false;
  #reading: Reading = noReading;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#timeoutMs = Math.min(10_000, Math.max(2000, 2 * options.intervalMs));
  }

  async read(): Promise<Reading> {
    return this.#reading;
  }

  /** run: polls at once and then on the grid until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, httpConfigFile, intervalMs } = this.#options;
    using client = await HttpClient.open(source, httpConfigFile);
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
      const snapshot = await this.#reader.read((schemas) =>
        this.#get(client, '/metrics/binary', signal, schemas),
      );
      const isDue = startMs - this.#describedMs > descriptionsTtlMs;
      const descriptions = isDue ? await this.#describe(client, signal) : this.#reading.descriptions;
      this.#reading = { snapshot, previous: this.#reading.snapshot, descriptions };
      if (this.#complained) log.info({ source: endpointText(source) }, 'the agent answers again');
      this.#complained = false;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof RezolusError)) throw error;
      result = error.code === 'REZ_ERR_ENDPOINT_UNREACHABLE' ? 'unreachable' : 'invalid';
      this.#reading = { ...noReading, descriptions: this.#reading.descriptions };
      this.#describedMs = -Infinity;
      // Once per absence: a line per second would bury everything else.
      if (!this.#complained) log.error({ source: endpointText(source) }, `no metrics: ${sentence(error)}`);
      this.#complained = true;
    }
    polled({ result, seconds: (performance.now() - startMs) / 1000, skipped });
  }

  async #get(
    client: HttpClient,
    path: string,
    signal: AbortSignal,
    schemas?: string,
  ): Promise<SnapshotAnswer> {
    const url = new URL(path, this.#options.source);
    const answer = await client.get(url, this.#timeoutMs, signal, schemas);
    if (answer.status === 200) return answer;
    throw new RezolusError(
      'REZ_ERR_ENDPOINT_RESPONSE',
      `${endpointText(url)} answered with status ${answer.status}`,
    );
  }

  /** describe: help texts are worth nothing without values and values much without them, so a failure is none. */
  async #describe(client: HttpClient, signal: AbortSignal): Promise<Reading['descriptions']> {
    const { descriptions } = this.#reading;
    try {
      const { body } = await this.#get(client, '/metrics/descriptions', signal);
      const text = Buffer.from(body).toString();
      const parsed: unknown = JSON.parse(text);
      if (typeof parsed !== 'object' || parsed === null) return descriptions;
      const entries = Object.entries(parsed).filter(([, value]) => typeof value === 'string');
      this.#describedMs = performance.now();
      return text === JSON.stringify(descriptions) ? descriptions : Object.fromEntries(entries);
    } catch {
      signal.throwIfAborted();
      return descriptions;
    }
  }
}
