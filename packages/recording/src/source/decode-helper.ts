import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { GroupColumn, GroupDecoder } from './decode-group.ts';
import type { DecodeJob } from './decode-worker.ts';

type Parts = Awaited<ReturnType<GroupDecoder['decode']>>;

/** Its objects are small and short-lived: what it decodes is not on the heap. */
const resourceLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 128 } as const;
/** Jobs that a worker has at a time: it goes on with the next while this thread takes in the last. */
const ahead = 2;

/**
 * DecodeHelper: decodes row groups of the recording at a path in a thread of its own, beside the one that asks. The
 * thread keeps the process alive only while it has something to do.
 */
export class DecodeHelper implements GroupDecoder {
  readonly parallel = ahead;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (parts: Parts) => void>();
  #next = 0;
  #ended = false;

  constructor(path: string) {
    const entry = new URL(`./decode-worker${extname(import.meta.url)}`, import.meta.url);
    this.#worker = new Worker(entry, { workerData: { path }, resourceLimits });
    this.#worker.on('message', ({ id, parts }: { id: number; parts: Parts }) => this.#settle(id, parts));
    this.#worker.on('error', () => this.#end());
    this.#worker.once('exit', () => this.#end());
    this.#worker.unref();
  }

  decode(group: number, columns: readonly GroupColumn[]): Promise<Parts> {
    if (this.#ended) return Promise.resolve(null);
    const job: DecodeJob = { id: this.#next++, group, columns };
    const { promise, resolve } = Promise.withResolvers<Parts>();
    this.#waiting.set(job.id, resolve);
    this.#worker.ref();
    this.#worker.postMessage(job);
    return promise;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(id: number, parts: Parts): void {
    this.#waiting.get(id)?.(parts);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
  }

  #end(): void {
    this.#ended = true;
    for (const id of [...this.#waiting.keys()]) this.#settle(id, null);
  }
}
