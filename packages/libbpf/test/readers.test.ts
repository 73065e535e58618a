import { describe, expect, it } from 'vitest';
import { type Banks, copyPerCpu, sumBanks } from '../src/readers.ts';

const max = 2n ** 64n - 1n;

function banksOf(...banks: (readonly bigint[])[]): Banks {
  return { u64: BigUint64Array.from(banks.flat()), stride: banks[0]!.length * 8, entries: banks.length };
}

/** A generator that is the same everywhere (xorshift64), with values of every magnitude. */
function* values(): Generator<bigint, never> {
  let state = 88172645463325252n;
  for (;;) {
    state ^= (state << 13n) & max;
    state ^= state >> 7n;
    state ^= (state << 17n) & max;
    yield state >> (state & 63n);
  }
}

describe('sumBanks', () => {
  it('carries from the low into the high half', () => {
    const banks = banksOf([0xffff_ffffn, 2n ** 53n + 1n], [1n, 2n ** 53n], [0xffff_ffffn, 3n]);
    const target = new BigUint64Array(2);
    sumBanks(target, banks, 0);
    expect(target).toEqual(BigUint64Array.from([0x1_ffff_ffffn, 2n ** 54n + 4n]));
  });

  it('equals the sum of BigInts, modulo 2^64', () => {
    const source = values();
    const banks = banksOf(
      ...Array.from({ length: 5 }, () => Array.from({ length: 3000 }, () => source.next().value)),
    );
    const target = new BigUint64Array(2000).fill(7n);
    sumBanks(target, banks, 8 * 500);
    for (let i = 0; i < target.length; i++) {
      let sum = 0n;
      for (let bank = 0; bank < 5; bank++) sum += banks.u64[bank * 3000 + 500 + i]!;
      expect(target[i]).toBe(sum & max);
    }
  });

  it('adds up more CPUs than 1,024', () => {
    const cpus = 4096;
    const banks = banksOf(...Array.from({ length: cpus }, (_, cpu) => [0n, BigInt(cpu)]));
    const target = new BigUint64Array(1);
    sumBanks(target, banks, 8, 1);
    expect(target[0]).toBe(BigInt((cpus * (cpus - 1)) / 2));
  });

  it('writes a view of a larger array and no more than count', () => {
    const whole = new BigUint64Array(6).fill(9n);
    sumBanks(whole.subarray(1, 5), banksOf([1n, 2n, 3n], [10n, 20n, 30n]), 8, 2);
    expect(whole).toEqual(BigUint64Array.from([9n, 22n, 33n, 9n, 9n, 9n]));
  });

  it('refuses regions outside of a bank, unaligned ones and unmapped memory', () => {
    const banks = banksOf([1n, 2n], [3n, 4n]);
    const target = new BigUint64Array(2);
    expect(() => sumBanks(target, banks, 8)).toThrow(RangeError);
    expect(() => sumBanks(target, banks, 4, 1)).toThrow(RangeError);
    expect(() => sumBanks(target, banks, -8, 1)).toThrow(RangeError);
    expect(() => sumBanks(target, banks, 0, 3)).toThrow(RangeError);
    expect(() => sumBanks(target, { ...banks, u64: new BigUint64Array(0) }, 0)).toThrow(RangeError);
  });
});

describe('copyPerCpu', () => {
  it('puts value m of a CPU at m * members + member', () => {
    const banks = banksOf([0n, 1n, 2n], [10n, max, 12n], [20n, 21n, 22n]);
    const target = new BigUint64Array(4);
    copyPerCpu(target, banks, 8, 2, [1, 2]);
    expect(target).toEqual(BigUint64Array.from([max, 21n, 12n, 22n]));
  });

  it('refuses a CPU without a bank and a target that is too small', () => {
    const banks = banksOf([1n], [2n]);
    expect(() => copyPerCpu(new BigUint64Array(2), banks, 0, 1, [0, 2])).toThrow(RangeError);
    expect(() => copyPerCpu(new BigUint64Array(1), banks, 0, 1, [0, 1])).toThrow(RangeError);
  });
});
