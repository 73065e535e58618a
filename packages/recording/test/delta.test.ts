import { describe, expect, it } from 'vitest';
import { ByteWriter, wordsOf } from '../src/parquet/bytes.ts';
import { DeltaEncoder } from '../src/parquet/delta.ts';
import { readDelta } from '../src/parquet/delta-reader.ts';

function encode(values: readonly bigint[]): Uint8Array {
  const encoder = new DeltaEncoder();
  const words = wordsOf(BigInt64Array.from(values));
  for (let i = 0; i < values.length; i++) encoder.push(words[2 * i]!, words[2 * i + 1]!);
  const page = new ByteWriter();
  encoder.finish(page);
  return page.written();
}

describe('DeltaEncoder', () => {
  it('encodes the examples of the Parquet specification', () => {
    // Encodings.md: 1, 2, 3, 4, 5: header, then one block whose deltas are all 1: minimum 1 and widths of 0.
    expect([...encode([1n, 2n, 3n, 4n, 5n])]).toEqual([0x80, 1, 4, 5, 2, 2, 0, 0, 0, 0]);
    // 7, 5, 3, 1, 2, 3, 4, 5: deltas -2 -2 -2 1 1 1 1; minimum -2; relative 0 0 0 3 3 3 3 in 2 bits.
    const second = encode([7n, 5n, 3n, 1n, 2n, 3n, 4n, 5n]);
    expect([...second.subarray(0, 12)]).toEqual([0x80, 1, 4, 8, 14, 3, 2, 0, 0, 0, 0xc0, 0x3f]);
    expect(second).toHaveLength(10 + 8);
  });

  it('keeps nothing but the header for a single value', () => {
    expect([...encode([-1n])]).toEqual([0x80, 1, 4, 1, 1]);
  });

  it('comes back from readDelta, whatever the steps', () => {
    let state = 1n;
    const random = () => {
      state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
      return state;
    };
    for (const width of [0n, 1n, 7n, 24n, 25n, 31n, 32n, 33n, 40n, 52n, 53n, 63n, 64n]) {
      for (const start of [0n, 2n ** 53n - 3n, 2n ** 63n, -1n]) {
        const values: bigint[] = [BigInt.asIntN(64, start)];
        for (let i = 1; i < 300; i++) {
          const step = random() >> (64n - width);
          values.push(BigInt.asIntN(64, values[i - 1]! + (i % 3 === 0 ? -step : step)));
        }
        const decoded = new BigInt64Array(values.length);
        readDelta(encode(values), wordsOf(decoded), values.length);
        expect([...decoded]).toEqual(values);
      }
    }
  });

  it('is refused by readDelta where it is cut short', () => {
    const bytes = encode(Array.from({ length: 193 }, (_, i) => BigInt(i * i * i)));
    for (let length = 0; length < bytes.length; length += 7) {
      expect(() => readDelta(bytes.subarray(0, length), new Uint32Array(386), 193)).toThrow(RangeError);
    }
  });
});
