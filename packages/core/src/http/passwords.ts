import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PasswordTask } from './password-worker.ts';

/** Verdict: `busy` = too many wait already, nobody looked. */
export type Verdict = boolean | 'busy';

/** Passwords that wait, of all clients and of one. */
const maxWaiting = 16;
const maxWaitingOfPeer = 4;
/** Wrong passwords that are remembered, so that a client with an old one costs nothing. */
const maxWrong = 256;
/** bcrypt looks no further. */
const maxBytes = 72;
/** A thread that has nothing to do for so long ends. */
const idleMs = 10_000;

/**
 * Passwords: checks passwords against bcrypt hashes, one at a time in a thread of the lowest priority. Right ones are
 * known from then on, so that a scraper pays once.
 */
export class Passwords {
  readonly #hashes: ReadonlyMap<string, string>;
  readonly #key = randomBytes(32);
  /** User to the digest of the right password. */
  readonly #right = new Map<string, Buffer>();
  readonly #wrong = new Set<string>();
  readonly #waiting = new Map<string, Promise<boolean>>();
  readonly #waitingOfPeer = new Map<string, number>();
  #last: Promise<unknown> = Promise.resolve();
  #worker: Worker | null = null;
  #idle: NodeJS.Timeout | undefined;

  constructor(hashes: ReadonlyMap<string, string>) {
    this.#hashes = hashes;
  }

  /** check: whether it is the user's password; at once where that is known. `peer` tells clients apart. */
  check(user: string, password: string, peer: string): Verdict | Promise<Verdict> {
    if (Buffer.byteLength(password) > maxBytes) return false;
    const digest = createHmac('sha256', this.#key)
      .update(JSON.stringify([user, password]))
      .digest();
    const right = this.#right.get(user);
    if (right !== undefined && timingSafeEqual(right, digest)) return true;
    const id = digest.toString('base64');
    if (this.#wrong.has(id)) return false;
    return this.#waiting.get(id) ?? this.#enqueue(id, { user, password, digest, peer });
  }

  #enqueue(
    id: string,
    task: {
      readonly user: string;
      readonly password: string;
      readonly digest: Buffer;
      readonly peer: string;
    },
  ): Verdict | Promise<Verdict> {
    const { user, password, digest, peer } = task;
    const ofPeer = this.#waitingOfPeer.get(peer) ?? 0;
    if (this.#waiting.size >= maxWaiting || ofPeer >= maxWaitingOfPeer) return 'busy';
    const [someHash] = this.#hashes.values();
    if (someHash === undefined) return false;
    const hash = this.#hashes.get(user);
    const answer = this.#last.then(async () => {
      try {
        // An unknown user takes as long as a known one.
        const equal = await this.#compare({ password, hash: hash ?? someHash });
        const isRight = equal && hash !== undefined;
        if (isRight) this.#right.set(user, digest);
        else this.#remember(id);
        return isRight;
      } finally {
        this.#waiting.delete(id);
        const left = this.#waitingOfPeer.get(peer)! - 1;
        if (left > 0) this.#waitingOfPeer.set(peer, left);
        else this.#waitingOfPeer.delete(peer);
      }
    });
    this.#waiting.set(id, answer);
    this.#waitingOfPeer.set(peer, ofPeer + 1);
    this.#last = answer.catch(() => {});
    return answer;
  }

  #remember(id: string): void {
    if (this.#wrong.size >= maxWrong) this.#wrong.delete(this.#wrong.values().next().value!);
    this.#wrong.add(id);
  }

  #compare(task: PasswordTask): Promise<boolean> {
    clearTimeout(this.#idle);
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const failed = (error: unknown) => reject(error instanceof Error ? error : new Error('the thread ended'));
    worker.once('message', resolve).once('error', failed).once('exit', failed);
    worker.postMessage(task);
    return promise.finally(() => {
      worker.off('message', resolve).off('error', failed).off('exit', failed);
      this.#idle = setTimeout(() => this.#worker?.terminate(), idleMs).unref();
    });
  }

  #start(): Worker {
    const entry = new URL(`./password-worker${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(entry, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 32 } });
    worker.unref();
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = null;
    });
    return worker;
  }
}
