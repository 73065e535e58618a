import {
  alignedTicks,
  formatDuration,
  type Logger,
  RezolusError,
  type Snapshot,
  sentence,
} from '@rezolus/core';
import { type Endpoint, openAgent } from '@rezolus/recording';
import { eventText, RestartWatch } from '@rezolus/recording/segments';
import type { RollingBuffer } from './buffer.ts';

/** RecorderOptions: whom to record, how often and into what. */
export interface RecorderOptions {
  /** Base URL of the agent. */
  readonly source: string;
  readonly httpConfigFile: string;
  readonly intervalMs: number;
  readonly buffer: RollingBuffer;
  readonly log: Logger;
}

/** RecorderState: what happened since the start. */
export interface RecorderState {
  /** Rows that went into the buffer. */
  readonly recorded: number;
  /** Moments at which no scrape began because the one before took too long. */
  readonly missed: number;
  /** Scrapes that failed, and rows that the disk did not take. */
  readonly failed: number;
  /** Whether the last scrape was answered. */
  readonly answering: boolean;
}

/** An agent that is away is not asked more often, however short the interval is. */
const retryPauseMs = 100;

/** Recorder: scrapes an agent into a buffer. An agent that is away, also at the start, is waited for. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #timeoutMs: number;
  #endpoint: Endpoint | null = null;
  #restarts: RestartWatch | null = null;
  #version: string | undefined;
  #recorded = 0;
  #missed = 0;
  #failed = 0;
  /** What is wrong, as it was logged; null where nothing is. */
  #trouble: string | null = null;
  #answering = false;
  /** The agent was found in the last interval. */
  #found = false;
  /** When an agent that is away is asked again, on the clock of `performance`. */
  #retryMs = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#timeoutMs = Math.min(Math.max(2 * options.intervalMs, 2000), 10_000);
  }

  get state(): RecorderState {
    const [recorded, missed, failed] = [this.#recorded, this.#missed, this.#failed];
    return { recorded, missed, failed, answering: this.#answering };
  }

  /** run: records on a grid aligned to whole seconds until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      for await (const { missed } of alignedTicks(this.#options.intervalMs, signal)) {
        // While there is no agent, and while it is being found, nothing is there to be missed.
        if (this.#answering && !this.#found && missed > 0) {
          this.#missed += missed;
          this.#options.log.warn({ missed }, 'intervals missed: the one before took too long');
        }
        this.#found = false;
        await this.#tick(signal);
      }
    } finally {
      await this.#restarts?.settled();
      this.#endpoint?.[Symbol.dispose]();
    }
  }

  async #tick(signal: AbortSignal): Promise<void> {
    if (performance.now() < this.#retryMs) return;
    try {
      if (this.#endpoint === null) await this.#find(signal);
      const endpoint = this.#endpoint!;
      const snapshot = await endpoint.scrape(this.#timeoutMs, signal);
      this.#answering = true;
      await this.#record(snapshot, endpoint, signal);
      if (this.#trouble !== null) this.#options.log.info({}, 'recording again');
      this.#trouble = null;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof RezolusError)) throw error;
      this.#failed++;
      if (error.code !== 'REZ_ERR_RECORDING_WRITE') {
        this.#answering = false;
        this.#retryMs = performance.now() + retryPauseMs;
        this.#restarts?.lost();
      }
      // Once for each trouble: a line per interval would bury everything else.
      if (this.#trouble !== error.code) this.#options.log.warn({}, `not recording: ${sentence(error)}`);
      this.#trouble = error.code;
    }
  }

  async #record(snapshot: Snapshot, endpoint: Endpoint, signal: AbortSignal): Promise<void> {
    const { version } = snapshot.metadata;
    if (version !== this.#version) {
      this.#version = version;
      await this.#describe(endpoint);
    }
    const decreased = await this.#options.buffer.append(snapshot, endpoint.labels);
    this.#recorded++;
    this.#restarts ??= new RestartWatch(endpoint, signal, (event) => {
      const text = eventText({ ...event, source: endpoint.source });
      this.#options.log.info({}, 'the agent was restarted');
      const told = this.#options.buffer.addEvent(text).then(() => this.#describeAnew(endpoint, signal));
      told.catch((error) =>
        this.#options.log.warn({}, `the restart is not in the buffer: ${sentence(error)}`),
      );
    });
    this.#restarts.sampled(snapshot.systemTimeNs, decreased);
  }

  async #find(signal: AbortSignal): Promise<void> {
    const { source, httpConfigFile, log, intervalMs } = this.#options;
    this.#found = true;
    this.#endpoint = await openAgent(source, { httpConfigFile, timeoutMs: this.#timeoutMs, signal });
    log.info(
      { source: this.#endpoint.labels.endpoint, interval: formatDuration(intervalMs) },
      'the agent answers',
    );
    await this.#describe(this.#endpoint);
  }

  /** describeAnew: an agent that was restarted may be another version on another kernel. */
  async #describeAnew({ labels }: Endpoint, signal: AbortSignal): Promise<void> {
    const { httpConfigFile } = this.#options;
    const options = { httpConfigFile, timeoutMs: this.#timeoutMs, signal };
    using fresh = await openAgent(labels.endpoint!, options);
    await this.#describe(fresh);
  }

  /** describe: the file keys of a recording of one agent, as the original has them. */
  async #describe({ source, facts }: Pick<Endpoint, 'source' | 'facts'>): Promise<void> {
    const { systeminfo, descriptions, samplers } = facts;
    const keys = {
      source,
      ...(this.#version !== undefined && { version: this.#version }),
      sampling_interval_ms: String(this.#options.intervalMs),
      ...(systeminfo !== undefined && { systeminfo }),
      ...(descriptions !== undefined && { descriptions }),
    };
    const members: Record<string, string> = samplers === undefined ? {} : { sampler_status: samplers };
    await this.#options.buffer.describe({ keys, sources: { [source]: members } });
  }
}
