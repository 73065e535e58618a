import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, RezolusError } from '@rezolus/core';
import type { Concatenated } from '@rezolus/recording/segments';
import type { DumpRequest } from './dump.ts';

/** DumpAnswer: how a dump ended, in a form that goes between threads. */
export type DumpAnswer =
  | { readonly dumped: Concatenated }
  | { readonly code: ErrorCode; readonly message: string };

/** Dumps that may wait: each of them takes as much of the disk as the buffer. */
const maxWaiting = 32;

/** Dumper: dumps in a thread of its own, one after the other; the thread ends when nothing is left to do. */
export class Dumper implements AsyncDisposable {
  #worker: Worker | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #closed = false;

  /**
   * dump: as `dumpBuffer`, after those that were asked for before; `wanted` is asked once more before it begins. Throws
   * REZ_ERR_RECORDING_BUSY where too many wait, it is no longer wanted or the dumper was closed.
   */
  async dump(request: DumpRequest, wanted: () => boolean = () => true): Promise<Concatenated> {
    if (this.#waiting >= maxWaiting) {
      throw new RezolusError('REZ_ERR_RECORDING_BUSY', `${maxWaiting} dumps are waiting already`);
    }
    this.#waiting++;
    const turn = this.#last.then(async () => {
      try {
        if (!this.#closed && wanted()) return await this.#run(request);
        throw new RezolusError('REZ_ERR_RECORDING_BUSY', `the dump to ${request.output} was given up`);
      } finally {
        this.#waiting--;
        if (this.#waiting === 0) await this.#end();
      }
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Waits for the dump that is under way; those behind it are given up. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#last;
  }

  async #run(request: DumpRequest): Promise<Concatenated> {
    this.#worker ??= new Worker(createRequire(import.meta.url).resolve('@rezolus/hindsight/dump-worker'));
    const worker = this.#worker;
    const answered = new AbortController();
    try {
      worker.postMessage(request);
      const { signal } = answered;
      const exit = once(worker, 'exit', { signal }).then(([status]) => {
        throw new Error(`the thread ended with status ${status}`);
      });
      const [answer] = (await Promise.race([once(worker, 'message', { signal }), exit])) as [DumpAnswer];
      if ('dumped' in answer) return answer.dumped;
      throw new RezolusError(answer.code, answer.message);
    } catch (cause) {
      if (cause instanceof RezolusError) throw cause;
      this.#worker = null;
      throw new RezolusError('REZ_ERR_RECORDING_WRITE', `${request.output} could not be written`, { cause });
    } finally {
      answered.abort();
    }
  }

  async #end(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = null;
  }
}
