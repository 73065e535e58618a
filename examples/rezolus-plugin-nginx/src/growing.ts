/** Growing: counters of a server that begin anew when it is restarted, as counters that never go back. */
export class Growing {
  #last: readonly bigint[] = [];
  #before: readonly bigint[] = [];

  /** add: takes the counters as the server has them now and returns them with what it had before its restarts. */
  add(now: readonly bigint[]): readonly bigint[] {
    const restarted = now.some((value, i) => value < (this.#last[i] ?? 0n));
    if (restarted) this.#before = now.map((_, i) => (this.#before[i] ?? 0n) + (this.#last[i] ?? 0n));
    this.#last = now;
    return now.map((value, i) => (this.#before[i] ?? 0n) + value);
  }
}
