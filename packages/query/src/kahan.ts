/** Kahan: a sum that keeps the lost low-order bits (Neumaier), step by step as Prometheus does it. */
export class Kahan {
  sum: number;
  compensation = 0;

  constructor(start = 0) {
    this.sum = start;
  }

  add(value: number): void {
    const total = this.sum + value;
    if (!Number.isFinite(total)) this.compensation = Number.isNaN(total) ? Number.NaN : 0;
    else if (Math.abs(this.sum) >= Math.abs(value)) this.compensation += this.sum - total + value;
    else this.compensation += value - total + this.sum;
    this.sum = total;
  }

  get total(): number {
    return Number.isFinite(this.sum) ? this.sum + this.compensation : this.sum;
  }
}

/**
 * Mean: an average that sums up as long as the sum does not overflow, then goes on with a running mean.
 * Prometheus, promql/functions.go, avg_over_time.
 */
export class Mean {
  #kahan = new Kahan();
  #count = 0;
  #running = false;

  add(value: number): void {
    this.#count++;
    const kahan = this.#kahan;
    if (this.#count === 1) {
      kahan.sum = value;
      return;
    }
    if (!this.#running) {
      const { sum, compensation } = kahan;
      kahan.add(value);
      if (Math.abs(kahan.sum) !== Number.POSITIVE_INFINITY) return;
      this.#running = true;
      kahan.sum = sum / (this.#count - 1);
      kahan.compensation = compensation / (this.#count - 1);
    }
    const share = (this.#count - 1) / this.#count;
    kahan.sum *= share;
    kahan.compensation *= share;
    kahan.add(value / this.#count);
  }

  get value(): number {
    const { sum, compensation } = this.#kahan;
    if (this.#running) return Number.isFinite(sum) ? sum + compensation : sum;
    return sum / this.#count + compensation / this.#count;
  }
}

/**
 * quantileOf: the q-quantile with linear interpolation; NaN counts as the smallest value; sorts in place.
 * Outside of 0..1 it is -Inf or +Inf, NaN where q is NaN or there are no values.
 */
export function quantileOf(q: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  values.sort((a, b) => (Number.isNaN(a) ? (Number.isNaN(b) ? 0 : -1) : Number.isNaN(b) ? 1 : a - b));
  const rank = q * (values.length - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(values.length - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  return values[lower]! * (1 - weight) + values[upper]! * weight;
}
