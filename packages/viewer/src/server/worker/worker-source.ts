import { extname } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { RezolusError } from '@rezolus/core';
import type { Series, Source } from '@rezolus/query';
import type { Capture, CaptureKind } from '../../contract.ts';
import { ApiError } from '../errors.ts';
import type { Queries } from '../queries.ts';
import type { LiveFeed, ViewerSource } from '../source.ts';
import {
  fromPlainError,
  type SourceState,
  type WorkerInput,
  type WorkerReply,
  type WorkerRequest,
} from './protocol.ts';

const entry = new URL(`./query-worker${extname(import.meta.url)}`, import.meta.url);
/** WorkerOptions: what a worker may take. */
export interface WorkerOptions {
  /** Its heap, MB, default 768. Samples are not on it; the source and the engine bound those. */
  readonly heapMb?: number;
  /** How long it may go on with a query that nobody waits for before it is ended, ms, default 5 s. */
  readonly graceMs?: number;
  /** Called when the source was closed and holds nothing any more. */
  readonly released?: () => Promise<void>;
}

/** Queries that may wait for their answer at a time. */
const maxPending = 256;

interface Pending {
  readonly resolve: (answer: Uint8Array<ArrayBuffer> | string) => void;
  readonly reject: (error: Error) => void;
  /** Ends the worker where it does not heed a cancellation. */
  overdue?: NodeJS.Timeout;
}

/**
 * workerSource: a capture whose samples and queries are in a worker, so that a long query never holds
 * up the server. A worker that runs out of memory or does not stop is replaced at the next query; the queries that it
 * had end with ApiError 503. Rejects as `fileSource` and `liveSource` do.
 */
export async function workerSource(input: WorkerInput, options: WorkerOptions = {}): Promise<ViewerSource> {
  const source = new WorkerSource(input, options);
  await source.start();
  return source;
}

class WorkerSource implements ViewerSource, LiveFeed, Queries {
  readonly source: Source = new Mirror(
    () => this.#state!,
    () => this.#series,
  );
  readonly queries: Queries = this;
  readonly live?: LiveFeed;
  readonly #input: WorkerInput;
  readonly #heapMb: number;
  readonly #graceMs: number;
  readonly #released: () => Promise<void>;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<() => void>();
  #worker: Worker | null = null;
  #cancellations: MessagePort | null = null;
  #starting: Promise<void> | null = null;
  #state: SourceState | null = null;
  #series: readonly Series[] = [];
  #next = 1;
  #closed = false;

  constructor(
    input: WorkerInput,
    { heapMb = 768, graceMs = 5000, released = async () => {} }: WorkerOptions,
  ) {
    this.#input = input;
    this.#heapMb = heapMb;
    this.#graceMs = graceMs;
    this.#released = released;
    if (input.kind !== 'file') this.live = this;
  }

  get kind(): CaptureKind {
    return this.#state?.kind ?? 'file';
  }

  get nodes(): Capture['nodes'] | undefined {
    return this.#state?.nodes;
  }

  get name(): string {
    return this.#state?.name ?? '';
  }

  get metadata(): Readonly<Record<string, string>> {
    return this.#state?.metadata ?? {};
  }

  get systeminfo(): unknown {
    return this.#state?.systeminfo ?? null;
  }

  get connected(): boolean {
    return this.#state?.connected ?? false;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  range(argument: Parameters<Queries['range']>[0], signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    return this.#ask({ method: 'range', argument }, signal) as Promise<Uint8Array<ArrayBuffer>>;
  }

  spreads(
    argument: Parameters<Queries['spreads']>[0],
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return this.#ask({ method: 'spreads', argument }, signal) as Promise<Uint8Array<ArrayBuffer>>;
  }

  matrix(argument: Parameters<Queries['matrix']>[0], signal: AbortSignal): Promise<string> {
    return this.#ask({ method: 'matrix', argument }, signal) as Promise<string>;
  }

  instant(argument: Parameters<Queries['instant']>[0], signal: AbortSignal): Promise<string> {
    return this.#ask({ method: 'instant', argument }, signal) as Promise<string>;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
    await this.#released();
  }

  /** start: starts a worker unless one runs; resolves when its source is open. */
  start(): Promise<void> {
    this.#starting ??= this.#start().catch((error) => {
      this.#starting = null;
      throw error;
    });
    return this.#starting;
  }

  async #start(): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(entry, {
      workerData: { input: this.#input, cancellations: port2 },
      transferList: [port2],
      resourceLimits: { maxOldGenerationSizeMb: this.#heapMb },
    });
    this.#worker = worker;
    this.#cancellations = port1;
    const opened = Promise.withResolvers<void>();
    worker.on('message', (reply: WorkerReply) => {
      if (reply.type === 'state') {
        this.#update(reply.state);
        opened.resolve();
      } else if (reply.type === 'error' && reply.id === null) opened.reject(fromPlainError(reply.error));
      else this.#settle(reply);
    });
    // An error that nobody caught ends the worker; what matters here is that it ended.
    worker.on('error', (error) => opened.reject(error));
    worker.once('exit', () => {
      opened.reject(new ApiError(503, 'internal', 'the query worker ended'));
      this.#ended(worker);
    });
    try {
      await opened.promise;
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  #update(state: SourceState): void {
    this.#state = state;
    if (state.series !== undefined) this.#series = state.series;
    for (const listener of this.#listeners) listener();
  }

  #ended(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#starting = null;
    this.#cancellations?.close();
    for (const id of [...this.#pending.keys()]) {
      const error = new ApiError(
        503,
        'internal',
        'the query was more than the viewer could hold, and was given up',
      );
      this.#take(id)?.reject(error);
    }
  }

  async #ask(
    request: Omit<WorkerRequest, 'id'>,
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer> | string> {
    signal.throwIfAborted();
    if (this.#closed) throw new ApiError(503, 'internal', 'the viewer is closing');
    if (this.#pending.size >= maxPending) throw new ApiError(503, 'timeout', 'too many queries are waiting');
    await this.start();
    signal.throwIfAborted();
    const id = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array<ArrayBuffer> | string>();
    const pending: Pending = { resolve, reject };
    this.#pending.set(id, pending);
    const abandon = () => {
      reject(signal.reason);
      this.#cancellations?.postMessage(id);
      pending.overdue = setTimeout(() => this.#worker?.terminate(), this.#graceMs).unref();
    };
    signal.addEventListener('abort', abandon, { once: true });
    this.#worker!.postMessage({ ...request, id });
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', abandon);
    }
  }

  #settle(reply: Exclude<WorkerReply, { type: 'state' }>): void {
    const pending = this.#take(reply.id ?? 0);
    if (reply.type === 'answer') pending?.resolve(reply.answer);
    else pending?.reject(fromPlainError(reply.error));
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    clearTimeout(pending?.overdue);
    return pending;
  }
}

/** Mirror: what is known of the worker's source without asking it. */
class Mirror implements Source {
  readonly #state: () => SourceState;
  readonly #series: () => readonly Series[];

  constructor(state: () => SourceState, series: () => readonly Series[]) {
    this.#state = state;
    this.#series = series;
  }

  get generation(): number {
    return this.#state().generation;
  }

  get intervalMs(): number {
    return this.#state().intervalMs;
  }

  get startMs(): number {
    return this.#state().startMs;
  }

  get endMs(): number {
    return this.#state().endMs;
  }

  series(): readonly Series[] {
    return this.#series();
  }

  load(): Promise<never> {
    const reason = new RezolusError('REZ_ERR_QUERY_EXECUTION', 'samples are in the worker: ask its queries');
    return Promise.reject(reason);
  }
}
