/** ByteCache: answers by key, the least recently used ones dropped when they take more than `maxBytes` together. */
export class ByteCache {
  readonly #maxBytes: number;
  /** In the order of use. */
  readonly #entries = new Map<string, Uint8Array>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(key: string): Uint8Array | undefined {
    const found = this.#entries.get(key);
    if (found !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, found);
    }
    return found;
  }

  /** set: keeps `bytes`, unless they alone are more than the cache may hold. */
  set(key: string, bytes: Uint8Array): void {
    if (bytes.length > this.#maxBytes) return;
    this.#bytes += bytes.length - (this.#entries.get(key)?.length ?? 0);
    this.#entries.delete(key);
    this.#entries.set(key, bytes);
    for (const [oldest, { length }] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#entries.delete(oldest);
      this.#bytes -= length;
    }
  }
}
