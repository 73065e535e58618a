import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type ErrorCode, RezolusError } from '@rezolus/core';
import type { Concatenated } from '@rezolus/recording/segments';
import type { DumpRequest } from './dump.ts';

/** DumpAnswer: how a dump ended, in a form that goes between processes. */
export type DumpAnswer =
  | { readonly dumped: Concatenated }
  | { readonly code: ErrorCode; readonly message: string };

/** Dumps that may wait. */
const maxWaiting = 32;

/** Dumper: dumps in a process of its own, one after the other; it ends when nothing is left to do. */
export class Dumper implements AsyncDisposable {
  #process: ChildProcess | null = null;
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
        if (this.#waiting === 0) this.#end();
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
    const answered = new AbortController();
    try {
      if (this.#process?.connected !== true) this.#process = start();
      const { signal } = answered;
      const exit = once(this.#process, 'exit', { signal }).then(([status, killer]) => {
        throw new Error(`the process that dumps ended with ${killer ?? status}`);
      });
      const answer = once(this.#process, 'message', { signal });
      this.#process.send(request);
      const [first] = (await Promise.race([answer, exit])) as [DumpAnswer];
      if ('dumped' in first) return first.dumped;
      throw new RezolusError(first.code, first.message);
    } catch (cause) {
      if (cause instanceof RezolusError) throw cause;
      this.#process?.kill('SIGKILL');
      this.#process = null;
      throw new RezolusError('REZ_ERR_RECORDING_WRITE', `${request.output} could not be written`, { cause });
    } finally {
      answered.abort();
    }
  }

  #end(): void {
    this.#process?.disconnect();
    this.#process = null;
  }
}

function start(): ChildProcess {
  const program = createRequire(import.meta.url).resolve('@rezolus/hindsight/dump-process');
  // Times are bigints, which JSON has not.
  const child = fork(program, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  // What becomes of a dump is told by its answer or its exit.
  return child.on('error', () => {});
}
