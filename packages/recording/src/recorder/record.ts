import { alignedTicks, type Logger, sentence, silentLogger } from '@rezolus/core';
import { RezolusError } from '@rezolus/core/errors';
import manifest from '../../package.json' with { type: 'json' };
import { RecordingWriter } from '../parquet/writer.ts';
import { openAgent } from './agent-endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { fileKeys } from './file-keys.ts';
import { SnapshotWriter } from './snapshot-writer.ts';
import { StagingFile } from './staging-file.ts';

/** RecordOptions: what to record, where to and for how long. */
export interface RecordOptions {
  /** Address of a Rezolus agent, e.g. `http://localhost:4241`. */
  readonly url: string;
  /** Path of the recording; replaced when the new one is whole. */
  readonly output: string;
  readonly intervalMs: number;
  /** Until the signal where left out. */
  readonly durationMs?: number;
  /** Label and file key `source`; default `rezolus`. */
  readonly source?: string;
  /** File keys of the user's own. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Ends the recording at once; what was recorded is kept. */
  readonly signal?: AbortSignal;
  readonly log?: Logger;
}

/** RecordProgress: state of a recording after a tick. */
export interface RecordProgress {
  readonly rows: number;
  readonly series: number;
  /** In the file; the open row group is still in memory. */
  readonly bytesWritten: number;
  /** Moments at which no scrape began because the one before took too long. */
  readonly missed: number;
  /** Scrapes that failed, each of them a gap. */
  readonly failed: number;
  readonly elapsedMs: number;
  /** Null where the recording runs until the signal. */
  readonly remainingMs: number | null;
}

/** RecordSummary: what a finished recording holds. */
export interface RecordSummary extends Omit<RecordProgress, 'remainingMs'> {
  readonly output: string;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

/**
 * record: records the snapshots of an agent into a Parquet file until the duration is over or the signal aborts.
 * Throws REZ_ERR_ENDPOINT_* where the agent cannot be used, REZ_ERR_RECORDING_WRITE where the file cannot be written
 * and REZ_ERR_RECORDING_EMPTY where no snapshot was taken; there is no file then.
 */
export async function record(
  options: RecordOptions,
  onProgress: (progress: RecordProgress) => void = () => {},
): Promise<RecordSummary> {
  const { url, source, intervalMs, signal } = options;
  if (!(intervalMs > 0)) throw new RangeError('the interval must be positive');
  using endpoint = await openAgent(url, {
    timeoutMs: scrapeTimeout(intervalMs),
    ...(source === undefined ? {} : { source }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error) => {
    if (signal?.aborted === true) throw empty(url);
    throw error;
  });
  await using file = await StagingFile.create(options.output);
  const recorder = new Recorder(endpoint, file, options);
  await recorder.run(onProgress);
  return await recorder.finish(file);
}

/** scrapeTimeout: twice the interval, between 2 and 10 s; all in ms. */
export function scrapeTimeout(intervalMs: number): number {
  return Math.min(Math.max(2 * intervalMs, 2000), 10_000);
}

class Recorder {
  readonly #endpoint: Endpoint;
  readonly #options: RecordOptions;
  readonly #log: Logger;
  readonly #writer: RecordingWriter;
  readonly #snapshots: SnapshotWriter;
  readonly #startedMs = performance.now();
  #missed = 0;
  #failed = 0;
  #firstNs: bigint | undefined;
  #lastNs = 0n;
  #version: string | undefined;

  constructor(endpoint: Endpoint, file: StagingFile, options: RecordOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#log = options.log ?? silentLogger;
    this.#writer = new RecordingWriter(file, { createdBy: `rezolus version ${manifest.version}` });
    this.#snapshots = new SnapshotWriter(this.#writer, endpoint.labels);
  }

  async run(onProgress: (progress: RecordProgress) => void): Promise<void> {
    const { intervalMs, durationMs = Number.POSITIVE_INFINITY } = this.#options;
    const signal = this.#options.signal ?? new AbortController().signal;
    // As in the original, the duration counts from the first moment on the grid.
    const lengthMs = intervalMs + durationMs;
    using stop = deadline(signal, lengthMs);
    for await (const { missed } of alignedTicks(intervalMs, stop.signal)) {
      this.#missed += missed;
      if (missed > 0) this.#log.warn({ missed }, 'samples missed: the one before took too long');
      await this.#sample(stop.signal);
      if (stop.signal.aborted) return;
      const progress = this.#progress();
      const remainingMs = Math.max(0, lengthMs - progress.elapsedMs);
      onProgress({ ...progress, remainingMs: Number.isFinite(remainingMs) ? remainingMs : null });
    }
  }

  async finish(file: StagingFile): Promise<RecordSummary> {
    if (this.#firstNs === undefined) throw empty(this.#options.url);
    const range = { firstNs: this.#firstNs, lastNs: this.#lastNs };
    const { intervalMs, metadata = {}, output } = this.#options;
    await this.#writer.finish(fileKeys(this.#endpoint, range, intervalMs, this.#version, metadata));
    await file.commit();
    return { output, ...range, ...this.#progress() };
  }

  async #sample(signal: AbortSignal): Promise<void> {
    const snapshot = await this.#endpoint
      .scrape(scrapeTimeout(this.#options.intervalMs), signal)
      .catch((error) => {
        if (signal.aborted) return null;
        this.#failed++;
        this.#log.warn({ error: sentence(error) }, 'no sample');
        return null;
      });
    if (snapshot === null) return;
    this.#firstNs ??= snapshot.systemTimeNs;
    this.#lastNs = snapshot.systemTimeNs;
    this.#version = snapshot.metadata.version ?? this.#version;
    await this.#snapshots.append(snapshot);
  }

  #progress(): Omit<RecordProgress, 'remainingMs'> {
    return {
      rows: this.#writer.rows,
      series: this.#snapshots.series,
      bytesWritten: this.#writer.bytesWritten,
      missed: this.#missed,
      failed: this.#failed,
      elapsedMs: performance.now() - this.#startedMs,
    };
  }
}

/** The longest single wait that timers can do. */
const maxWaitMs = 2 ** 31 - 1;

/** deadline: a signal that aborts with `signal` or after a time; disposing of it releases the timer. */
function deadline(signal: AbortSignal, lengthMs: number): { signal: AbortSignal } & Disposable {
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const arm = (leftMs: number) => {
    const next = () => (leftMs > maxWaitMs ? arm(leftMs - maxWaitMs) : over.abort());
    timer = setTimeout(next, Math.min(leftMs, maxWaitMs));
  };
  if (Number.isFinite(lengthMs)) arm(lengthMs);
  return {
    signal: AbortSignal.any([signal, over.signal]),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

function empty(url: string): RezolusError {
  return new RezolusError('REZ_ERR_RECORDING_EMPTY', `nothing was recorded from ${url}`);
}
