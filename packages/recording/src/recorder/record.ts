import { stat } from 'node:fs/promises';
import { alignedTicks, type Logger, RezolusError, sentence, silentLogger } from '@rezolus/core';
import { createdBy } from '../created-by.ts';
import { fileKeys, type RecordingEvent, type RecordingFacts } from '../facts.ts';
import { JournaledWriter } from '../journal/journaled-writer.ts';
import { partialOf } from '../journal/layout.ts';
import { ColumnNames } from './column-names.ts';
import { deadline } from './deadline.ts';
import { describeRecording } from './describe.ts';
import { identifier } from './identity.ts';
import { type RecordOptions, type RecordProgress, type RecordSummary, scrapeTimeout } from './options.ts';
import { Target, type TargetSample } from './target.ts';

/**
 * record: records endpoints into a Parquet file until the duration is over or the signal aborts. Each interval is in the
 * journal beside the output before it counts. Throws REZ_ERR_ENDPOINT_* where no endpoint can be used,
 * REZ_ERR_RECORDING_BUSY and _UNFINISHED where the output is taken, REZ_ERR_RECORDING_EMPTY where no sample was taken,
 * and REZ_ERR_RECORDING_WRITE where the file could not be written any more: what was recorded until then is in the file,
 * or, where not even that could be written, is left for `recoverRecording`; the message says which.
 */
export async function record(
  options: RecordOptions,
  onProgress: (progress: RecordProgress) => void = () => {},
): Promise<RecordSummary> {
  const { output, intervalMs, rowGroupRows } = options;
  if (!(intervalMs > 0)) throw new RangeError('the interval must be positive');
  if ((await stat(output).catch(() => null))?.isDirectory()) {
    throw new RezolusError('REZ_ERR_RECORDING_WRITE', `${output} is a folder`);
  }
  const limit = rowGroupRows === undefined ? {} : { rowGroupRows };
  await using writer = await JournaledWriter.create(partialOf(output), { createdBy, ...limit });
  using recorder = new Recorder(writer, options);
  await recorder.open();
  const fault = await recorder.run(onProgress);
  return await recorder.finish(fault);
}

class Recorder implements Disposable {
  readonly #options: RecordOptions;
  readonly #signal: AbortSignal;
  readonly #log: Logger;
  readonly #writer: JournaledWriter;
  readonly #targets: readonly Target[];
  readonly #events: RecordingEvent[] = [];
  readonly #startedMs = performance.now();
  #missed = 0;
  /** The facts changed since they were last written to the journal. */
  #changed = false;

  constructor(writer: JournaledWriter, options: RecordOptions) {
    const { endpoints, node, instance } = options;
    this.#options = options;
    this.#signal = options.signal ?? new AbortController().signal;
    this.#log = options.log ?? silentLogger;
    this.#writer = writer;
    const several = endpoints.length > 1;
    const used = new Set(['timestamp', 'duration']);
    const identify = identifier({
      several,
      ...(node !== undefined && { node }),
      ...(instance !== undefined && { instance }),
    });
    const context = {
      sink: writer,
      log: this.#log,
      names: (name: string) => new ColumnNames(used, several ? `${name}::` : ''),
      identify,
      onFacts: () => {
        this.#changed = true;
      },
      onEvent: (event: RecordingEvent) => {
        this.#events.push(event);
        this.#changed = true;
        this.#log.warn({ ...event, timestamp: String(event.timestamp) }, event.description);
      },
    };
    this.#targets = endpoints.map((spec) => new Target(spec, context));
  }

  /** open: probes all endpoints; one must answer. */
  async open(): Promise<void> {
    const timeoutMs = scrapeTimeout(this.#options.intervalMs);
    const results = await Promise.allSettled(
      this.#targets.map((target) => target.open(timeoutMs, this.#signal)),
    );
    if (this.#signal.aborted) throw this.#empty();
    const failures = results.filter((result) => result.status === 'rejected');
    if (failures.length === results.length) {
      if (failures.length === 1) throw failures[0]!.reason;
      const reasons = failures.map(({ reason }) => sentence(reason)).join('; ');
      throw new RezolusError('REZ_ERR_ENDPOINT_UNREACHABLE', `no endpoint answered: ${reasons}`);
    }
    for (const { reason } of failures) {
      this.#log.warn({ error: sentence(reason) }, 'endpoint is away; it is tried again at every interval');
    }
    await this.#writer.setFacts(this.#facts());
    this.#changed = false;
    this.#options.ready?.();
  }

  /** run: samples until the end; resolves to what ended it early, if anything did. */
  async run(onProgress: (progress: RecordProgress) => void): Promise<RezolusError | null> {
    const { intervalMs, durationMs = Number.POSITIVE_INFINITY } = this.#options;
    // As in the original, the duration counts from the first moment on the grid.
    const lengthMs = intervalMs + durationMs;
    using stop = deadline(this.#signal, lengthMs);
    try {
      for await (const { atMs, missed } of alignedTicks(intervalMs, stop.signal)) {
        this.#missed += missed;
        if (missed > 0) this.#log.warn({ missed }, 'samples missed: the one before took too long');
        await this.#sample(atMs, stop.signal);
        if (stop.signal.aborted) return null;
        const progress = this.#progress();
        const remainingMs = Math.max(0, lengthMs - progress.elapsedMs);
        onProgress({ ...progress, remainingMs: Number.isFinite(remainingMs) ? remainingMs : null });
      }
      return null;
    } catch (error) {
      if (error instanceof RezolusError && error.code === 'REZ_ERR_RECORDING_WRITE') return error;
      throw error;
    }
  }

  async finish(fault: RezolusError | null): Promise<RecordSummary> {
    const { output } = this.#options;
    const sampled = this.#targets.filter(({ firstNs }) => firstNs !== undefined);
    if (this.#writer.rows === 0) throw fault ?? this.#empty();
    await Promise.all(this.#targets.map((target) => target.settled()));
    const rangeOf = (targets: readonly Target[]) => {
      const first = targets.map(({ firstNs }) => firstNs!).sort((a, b) => (a < b ? -1 : 1))[0] ?? 0n;
      const last = targets.map(({ lastNs }) => lastNs).sort((a, b) => (a < b ? 1 : -1))[0] ?? 0n;
      return { firstNs: first, lastNs: last };
    };
    const keys = fileKeys(this.#facts(), (source) =>
      rangeOf(sampled.filter(({ endpoint }) => endpoint?.source === source)),
    );
    let size: number;
    try {
      size = await this.#writer.finish(output, keys);
    } catch (cause) {
      const left =
        `${output} could not be finished; ${this.#writer.rows} rows are in ${partialOf(output)}: make room, then ` +
        `\`rezolus recording recover ${output}\`, or recover to another place with --output`;
      throw new RezolusError('REZ_ERR_RECORDING_WRITE', left, { cause });
    }
    const summary = { output, ...rangeOf(sampled), ...this.#progress(), bytesWritten: size };
    if (fault === null) return summary;
    const stopped = `the recording was stopped early; ${output} is complete up to then: ${summary.rows} rows`;
    throw new RezolusError('REZ_ERR_RECORDING_WRITE', stopped, { cause: fault.cause ?? fault });
  }

  [Symbol.dispose](): void {
    for (const target of this.#targets) target[Symbol.dispose]();
  }

  async #sample(atMs: number, signal: AbortSignal): Promise<void> {
    const timeoutMs = scrapeTimeout(this.#options.intervalMs);
    const answers = await Promise.all(this.#targets.map((target) => target.sample(timeoutMs, signal)));
    const samples = answers.filter((sample): sample is TargetSample => sample !== null);
    const [first] = samples;
    if (first === undefined) return;
    if (this.#changed) {
      this.#changed = false;
      await this.#writer.setFacts(this.#facts());
    }
    // Clocks of several endpoints differ: their row is at the moment on the grid.
    const several = this.#targets.length > 1;
    const timestampNs = several ? BigInt(Math.round(atMs * 1000)) * 1000n : first.timestampNs;
    this.#writer.startRow(timestampNs, first.durationNs);
    for (const sample of samples) sample.write();
    await this.#writer.endRow();
  }

  #facts(): RecordingFacts {
    const { intervalMs, node, instance, metadata: tags = {} } = this.#options;
    return describeRecording(this.#targets, { intervalMs, node, instance, tags, events: this.#events });
  }

  #progress(): Omit<RecordProgress, 'remainingMs'> {
    return {
      rows: this.#writer.rows,
      series: this.#targets.reduce((sum, { series }) => sum + series, 0),
      bytesWritten: this.#writer.bytesWritten,
      missed: this.#missed,
      failed: this.#targets.reduce((sum, { failed }) => sum + failed, 0),
      elapsedMs: performance.now() - this.#startedMs,
    };
  }

  #empty(): RezolusError {
    const urls = this.#options.endpoints.map(({ url }) => url).join(', ');
    return new RezolusError('REZ_ERR_RECORDING_EMPTY', `nothing was recorded from ${urls}`);
  }
}
