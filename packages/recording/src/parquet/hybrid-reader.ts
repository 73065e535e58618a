/** Widest bit-packed value that is decoded here: it lies within 32 bits whatever bit it begins at. */
export const maxHybridWidth = 24;

/**
 * Run: a part of the RLE/bit-packed hybrid (Parquet "Encodings", RLE = 3): `count` times `value`, or, where `value` is
 * null, `count` values of the width packed from byte `at`.
 */
interface Run {
  readonly count: number;
  readonly value: number | null;
  readonly at: number;
}

/** runs: the runs that make up `count` values. Throws RangeError where the bytes end early. */
function* runs(bytes: Uint8Array, width: number, count: number): Generator<Run> {
  if (width > maxHybridWidth) throw new RangeError(`values of ${width} bits`);
  let at = 0;
  for (let left = count; left > 0; ) {
    let header = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 35) throw new RangeError('runs end early');
      header += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    const length = Math.floor(header / 2);
    if (header % 2 === 1) {
      const packed = Math.min(left, length * 8);
      if (at + Math.ceil((packed * width) / 8) > bytes.length) throw new RangeError('runs end early');
      yield { count: packed, value: null, at };
      at += length * width;
      left -= packed;
    } else {
      let value = 0;
      for (let shift = 0; shift < width; shift += 8) value |= (bytes[at++] ?? 0) << shift;
      yield { count: Math.min(left, length), value, at };
      left -= length;
    }
  }
}

/** readHybrid: decodes `count` values of `width` bits into `out`. Throws RangeError where the bytes end early. */
export function readHybrid(
  bytes: Uint8Array,
  width: number,
  out: Uint8Array | Uint32Array,
  count: number,
): void {
  const mask = 2 ** width - 1;
  let done = 0;
  for (const run of runs(bytes, width, count)) {
    const end = done + run.count;
    if (run.value !== null) {
      out.fill(run.value, done, end);
      done = end;
      continue;
    }
    let bit = run.at * 8;
    for (; done < end; done++) {
      const i = bit >>> 3;
      const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
      out[done] = (word >>> (bit & 7)) & mask;
      bit += width;
    }
  }
}

/** isConstant: whether `count` values of `width` bits are one run of `value`. */
export function isConstant(bytes: Uint8Array, width: number, value: number, count: number): boolean {
  const [first] = runs(bytes, width, count);
  return first !== undefined && first.value === value && first.count === count;
}

/** readZeroes: where among `count` values of one bit the zeroes are: the beginnings of lists. */
export function readZeroes(bytes: Uint8Array, count: number): Uint32Array {
  let zeroes = new Uint32Array(256);
  let used = 0;
  let done = 0;
  for (const run of runs(bytes, 1, count)) {
    const end = done + run.count;
    if (run.value !== 1) {
      if (used + run.count > zeroes.length) {
        const grown = new Uint32Array(Math.max(2 * zeroes.length, used + run.count));
        grown.set(zeroes);
        zeroes = grown;
      }
      for (let i = 0; done < end; i++, done++) {
        if (run.value === 0 || ((bytes[run.at + (i >>> 3)]! >>> (i & 7)) & 1) === 0) zeroes[used++] = done;
      }
    }
    done = end;
  }
  return zeroes.subarray(0, used);
}
