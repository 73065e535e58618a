import { ByteWriter } from './bytes.ts';

const blockSize = 128;
const leastBlock = 8;
const miniblocks = 4;
const miniblockSize = blockSize / miniblocks;
const two32 = 2 ** 32;
/** Differences below this are exact as doubles, and so is the difference of two of them. */
const exact = 2 ** 52;

/** Work space of the block that is encoded; encoding is synchronous, so one serves all encoders. */
const deltas = new Float64Array(blockSize);
const low = new Uint32Array(blockSize);
const high = new Uint32Array(blockSize);

/**
 * DeltaEncoder: DELTA_BINARY_PACKED of 64-bit integers, a value at a time (Parquet "Encodings", 5). Keeps the encoded
 * bytes and one block of 128 values. Signed and unsigned alike: differences wrap at 64 bits.
 */
export class DeltaEncoder {
  readonly #out = new ByteWriter();
  /**
   * The values of the open block as low and high words; entry 0 is the last value of the block before. Grows to a
   * block: series come and go by the thousand where cgroups do.
   */
  #words = new Uint32Array(2 * (leastBlock + 1));
  #pending = 0;
  #count = 0;
  #first = 0n;

  /** push: appends the integer with these 32-bit halves. */
  push(lowWord: number, highWord: number): void {
    if (this.#count === 0) {
      this.#first = BigInt.asIntN(64, (BigInt(highWord) << 32n) | BigInt(lowWord));
      this.#words[0] = lowWord;
      this.#words[1] = highWord;
    } else {
      this.#pending++;
      if (2 * this.#pending === this.#words.length) this.#grow();
      this.#words[2 * this.#pending] = lowWord;
      this.#words[2 * this.#pending + 1] = highWord;
      if (this.#pending === blockSize) this.#flush();
    }
    this.#count++;
  }

  /** finish: appends header and blocks to `page`; ends the encoder. */
  finish(page: ByteWriter): void {
    if (this.#pending > 0) this.#flush();
    page.varint(blockSize);
    page.varint(miniblocks);
    page.varint(this.#count);
    page.zigzag64(this.#first);
    page.bytes(this.#out.written());
  }

  #grow(): void {
    const grown = new Uint32Array(2 * (blockSize + 1));
    grown.set(this.#words);
    this.#words = grown;
  }

  #flush(): void {
    const count = this.#pending;
    if (!this.#splitExact(count)) this.#splitWide(count);
    const widths = [0, 0, 0, 0];
    for (let m = 0; m < miniblocks; m++) widths[m] = bitWidth(m * miniblockSize, count);
    for (const width of widths) this.#out.u8(width);
    for (let m = 0; m * miniblockSize < count; m++) this.#pack(m * miniblockSize, count, widths[m]!);
    this.#words[0] = this.#words[2 * count]!;
    this.#words[1] = this.#words[2 * count + 1]!;
    this.#pending = 0;
  }

  /** splitExact: differences as doubles; false, and nothing written, where one does not fit. */
  #splitExact(count: number): boolean {
    const words = this.#words;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const at = 2 * i;
      const delta = (words[at + 3]! - words[at + 1]!) * two32 + (words[at + 2]! - words[at]!);
      if (delta >= exact || delta <= -exact) return false;
      deltas[i] = delta;
      if (delta < least) least = delta;
    }
    for (let i = 0; i < count; i++) {
      const above = deltas[i]! - least;
      low[i] = above;
      high[i] = above / two32;
    }
    this.#out.zigzag64(BigInt(least));
    return true;
  }

  #splitWide(count: number): void {
    const wide = new BigInt64Array(count);
    const value = (i: number) => (BigInt(this.#words[2 * i + 1]!) << 32n) | BigInt(this.#words[2 * i]!);
    for (let i = 0; i < count; i++) wide[i] = BigInt.asIntN(64, value(i + 1) - value(i));
    const least = wide.toSorted()[0]!;
    for (let i = 0; i < count; i++) {
      const above = wide[i]! - least;
      low[i] = Number(BigInt.asUintN(32, above));
      high[i] = Number(above >> 32n);
    }
    this.#out.zigzag64(least);
  }

  /** pack: 32 values of `width` bits, lowest bit first; values beyond the end are 0. */
  #pack(from: number, count: number, width: number): void {
    let byte = 0;
    let filled = 0;
    const put = (word: number, bits: number) => {
      let rest = word;
      let left = bits;
      while (left > 0) {
        const take = Math.min(left, 8 - filled);
        byte |= (rest & ((1 << take) - 1)) << filled;
        filled += take;
        rest >>>= take;
        left -= take;
        if (filled === 8) {
          this.#out.u8(byte);
          byte = 0;
          filled = 0;
        }
      }
    };
    for (let i = from; i < from + miniblockSize; i++) {
      put(i < count ? low[i]! : 0, Math.min(width, 32));
      if (width > 32) put(i < count ? high[i]! : 0, width - 32);
    }
  }
}

/** bitWidth: bits that the largest value of a miniblock takes. */
function bitWidth(from: number, count: number): number {
  let anyLow = 0;
  let anyHigh = 0;
  for (let i = from; i < Math.min(from + miniblockSize, count); i++) {
    anyLow |= low[i]!;
    anyHigh |= high[i]!;
  }
  return anyHigh !== 0 ? 64 - Math.clz32(anyHigh) : 32 - Math.clz32(anyLow);
}
