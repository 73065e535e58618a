import { limitError } from './position.ts';

/** QueryLimits: what one query may cost. */
export interface QueryLimits {
  /** Times of a range query; Prometheus has 11,000. */
  readonly maxSteps: number;
  /** Times of a subquery. */
  readonly maxSubquerySteps: number;
  /** Series that all selectors of a query match together. */
  readonly maxSeries: number;
  /** Values that all parts of a query hold together: series × steps, summed up. */
  readonly maxPoints: number;
  /** Time for the evaluation after loading, ms. */
  readonly timeoutMs: number;
}

/** defaultLimits: 11,000 steps, 1,000,000 in a subquery, 20,000 series, 20 million values (160 MB), 30 s. */
export const defaultLimits: QueryLimits = {
  maxSteps: 11_000,
  maxSubquerySteps: 1_000_000,
  maxSeries: 20_000,
  maxPoints: 20_000_000,
  timeoutMs: 30_000,
};

const checkEvery = 200_000;

/** QueryControl: how a query can be stopped. */
export interface QueryControl {
  readonly signal?: AbortSignal | undefined;
  /**
   * Called every few milliseconds of an evaluation, before the signal is looked at: the thread is busy, so this is
   * where a worker takes in the message that aborts it. May throw to end the query.
   */
  readonly checkpoint?: (() => void) | undefined;
}

/** Budget: counts what a query costs and stops it. Throws REZ_ERR_QUERY_LIMIT. */
export class Budget {
  readonly limits: QueryLimits;
  readonly #signal: AbortSignal | undefined;
  readonly #checkpoint: (() => void) | undefined;
  readonly #deadline: number;
  #points = 0;
  #work = 0;

  constructor(limits: QueryLimits, { signal, checkpoint }: QueryControl = {}) {
    this.limits = limits;
    this.#signal = signal;
    this.#checkpoint = checkpoint;
    this.#deadline = performance.now() + limits.timeoutMs;
  }

  /** allocate: before `count` values are stored. */
  allocate(count: number): void {
    this.#points += count;
    if (this.#points > this.limits.maxPoints)
      throw limitError(`the query needs more than ${this.limits.maxPoints} values`);
    this.work(count);
  }

  /** work: after about `count` steps of computation; looks at clock and signal now and then. */
  work(count: number): void {
    this.#work += count;
    if (this.#work < checkEvery) return;
    this.#work = 0;
    this.check();
  }

  /** check: looks at clock and signal now. Throws the reason of the signal where it was aborted. */
  check(): void {
    this.#checkpoint?.();
    this.#signal?.throwIfAborted();
    if (performance.now() > this.#deadline)
      throw limitError(`the query took longer than ${this.limits.timeoutMs} ms`);
  }
}
