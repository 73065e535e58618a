import { describe, expect, it } from 'vitest';
import { storeVariable } from '../src/variables.ts';

function store(size: number, value: number | bigint | boolean | Uint8Array): number[] {
  const bytes = new Uint8Array(size).fill(0xee);
  storeVariable('v', new DataView(bytes.buffer), value);
  return [...bytes];
}

describe('storeVariable', () => {
  it('writes little-endian integers of every width, signed ones in two’s complement', () => {
    expect(store(1, true)).toEqual([1]);
    expect(store(1, 255)).toEqual([255]);
    expect(store(2, 0x1234)).toEqual([0x34, 0x12]);
    expect(store(4, -2)).toEqual([0xfe, 0xff, 0xff, 0xff]);
    expect(store(8, 2n ** 64n - 2n)).toEqual([0xfe, 255, 255, 255, 255, 255, 255, 255]);
  });

  it('fills an array from its start', () => {
    expect(store(4, Uint8Array.of(1, 2))).toEqual([1, 2, 0xee, 0xee]);
  });

  it.each([
    [1, 256],
    [1, -129],
    [4, 2 ** 32],
    [4, 1.5],
    [8, Number.NaN],
    [8, 2n ** 64n],
    [12, 1],
    [2, new Uint8Array(3)],
  ] as const)('refuses for %d bytes: %s', (size, value) => {
    expect(() => store(size, value)).toThrow(expect.objectContaining({ code: 'REZ_ERR_BPF_MAP' }));
  });
});
