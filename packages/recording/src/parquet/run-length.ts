import { ByteWriter } from './bytes.ts';

/**
 * RunLengthEncoder: definition and repetition levels as RLE runs of the RLE/bit-packed hybrid
 * (Parquet "Encodings", RLE = 3). Levels come in long runs here, so no bit-packed groups are made.
 */
export class RunLengthEncoder {
  readonly #out = new ByteWriter();
  #value = 0;
  #run = 0;

  /** push: appends `count` times the level `value` (below 256). */
  push(value: number, count: number): void {
    if (count === 0) return;
    if (value !== this.#value) {
      this.#flush();
      this.#value = value;
    }
    this.#run += count;
  }

  /** finish: the runs without length prefix; the encoder is empty afterwards. The view is valid until the next push. */
  finish(): Uint8Array {
    this.#flush();
    const encoded = this.#out.written();
    this.#out.reset();
    return encoded;
  }

  #flush(): void {
    if (this.#run === 0) return;
    this.#out.varint(this.#run * 2);
    this.#out.u8(this.#value);
    this.#run = 0;
  }
}
