/** RateLimit: a token bucket: `burst` requests at once, and one more per `intervalMs`. */
export class RateLimit {
  readonly #intervalMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledMs = performance.now();

  constructor({ intervalMs, burst }: { readonly intervalMs: number; readonly burst: number }) {
    this.#intervalMs = intervalMs;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** take: whether there is room for one more request now. */
  take(): boolean {
    const nowMs = performance.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#filledMs) / this.#intervalMs);
    this.#filledMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
