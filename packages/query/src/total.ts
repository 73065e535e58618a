/**
 * Total: sums of series at every time, added one series after another so that the inner loop runs along the arrays.
 * What an addition loses is found without a branch (Knuth's TwoSum) and added in the end.
 */
export class Total {
  readonly present: Uint8Array;
  readonly values: Float64Array;
  readonly #lost: Float64Array;
  #seen: Uint8Array | undefined;
  #isFull = false;

  /** Writes into these arrays, which are empty. */
  constructor(present: Uint8Array, values: Float64Array) {
    this.present = present;
    this.values = values;
    this.#lost = new Float64Array(values.length);
  }

  /** add: the values of a series where it has any. Series with the same `present` are quickest one after another. */
  add(there: Uint8Array, theirs: Float64Array): void {
    const { present, values } = this;
    const lost = this.#lost;
    if (there !== this.#seen) {
      this.#seen = there;
      this.#isFull = !there.includes(0);
      if (this.#isFull) present.fill(1);
      else for (let i = 0; i < present.length; i++) present[i]! |= there[i]!;
    }
    const isFull = this.#isFull;
    for (let i = 0; i < values.length; i++) {
      if (!isFull && there[i] === 0) continue;
      const before = values[i]!;
      const value = theirs[i]!;
      const total = before + value;
      const added = total - before;
      lost[i]! += before - (total - added) + (value - added);
      values[i] = total;
    }
  }

  /** finish: completes the sums. */
  finish(): void {
    const { values } = this;
    for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) values[i]! += this.#lost[i]!;
  }
}
