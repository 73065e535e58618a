import type { MetricGroup } from '@rezolus/core';

/** Banks: per-CPU storage in one block: bank i begins at `i * stride` bytes. A mapped map is one. */
export interface Banks {
  readonly u64: BigUint64Array;
  /** Bytes from one bank to the next, a multiple of 8. */
  readonly stride: number;
  readonly entries: number;
}

const WORD = 8;
const CARRY = 0x1_0000_0000;

let scratch = new BigUint64Array(1024);
let scratchHalves = new Uint32Array(scratch.buffer);

/**
 * sumBanks: sets the first `count` values of `target` to the sums over all banks of the u64 that begin `offset` bytes
 * into each; sums wrap at 2^64. Exact, and without a BigInt. Throws RangeError for a region outside of a bank.
 */
export function sumBanks(target: BigUint64Array, banks: Banks, offset: number, count = target.length): void {
  checkRegion(banks, offset, count);
  if (count > target.length) throw new RangeError(`${count} values do not fit into ${target.length}`);
  target.set(region(banks, 0, offset, count));
  const sums = new Uint32Array(target.buffer, target.byteOffset, count * 2);
  for (let bank = 1; bank < banks.entries; bank++) {
    const halves = copyRegion(banks, bank, offset, count);
    for (let i = 0; i < sums.length; i += 2) {
      const low = sums[i]! + halves[i]!;
      sums[i] = low;
      sums[i + 1] = sums[i + 1]! + halves[i + 1]! + (low >= CARRY ? 1 : 0);
    }
  }
}

/** `struct histogram` of bpf/include/rezolus/histogram.h: the sum, then the buckets. */
const histogramBuckets = 496;
const histogramSize = (1 + histogramBuckets) * WORD;

/**
 * sumHistograms: sets the histograms of a group of the host, declared with `withSums`, and their sums to those over all
 * banks. Histogram i is the `slots[i]`th of the `struct histogram` that begin `offset` bytes into each bank; default all
 * in order. Throws RangeError for a region outside of a bank.
 */
export function sumHistograms(
  { histograms, counters }: Pick<MetricGroup, 'histograms' | 'counters'>,
  banks: Banks,
  offset: number,
  slots?: readonly number[],
): void {
  for (let i = 0; i < histograms.length; i++) {
    const at = offset + (slots?.[i] ?? i) * histogramSize;
    sumBanks(counters.subarray(i, i + 1), banks, at);
    sumBanks(histograms[i]!.buckets, banks, at + WORD);
  }
}

/**
 * copyPerCpu: spreads `count` u64 that begin `offset` bytes into each bank over members: value m of bank `cpus[e]`
 * goes to `target[m * cpus.length + e]`. Throws RangeError for a region outside of a bank or a CPU without one.
 */
export function copyPerCpu(
  target: BigUint64Array,
  banks: Banks,
  offset: number,
  count: number,
  cpus: readonly number[],
): void {
  checkRegion(banks, offset, count);
  if (count * cpus.length > target.length) throw new RangeError(`target holds only ${target.length} values`);
  const out = new Uint32Array(target.buffer, target.byteOffset, target.length * 2);
  for (let member = 0; member < cpus.length; member++) {
    const bank = cpus[member]!;
    if (!(bank >= 0 && bank < banks.entries)) throw new RangeError(`CPU ${bank} has no bank`);
    const halves = copyRegion(banks, bank, offset, count);
    for (let value = 0; value < count; value++) {
      const at = (value * cpus.length + member) * 2;
      out[at] = halves[value * 2]!;
      out[at + 1] = halves[value * 2 + 1]!;
    }
  }
}

/** Copies u64 as u64, so that no value is torn while the kernel writes it, and returns their halves, low ones first. */
function copyRegion(banks: Banks, bank: number, offset: number, count: number): Uint32Array {
  if (count > scratch.length) {
    scratch = new BigUint64Array(count);
    scratchHalves = new Uint32Array(scratch.buffer);
  }
  scratch.set(region(banks, bank, offset, count));
  return scratchHalves;
}

function region(banks: Banks, bank: number, offset: number, count: number): BigUint64Array {
  const start = (bank * banks.stride + offset) / WORD;
  return banks.u64.subarray(start, start + count);
}

function checkRegion(banks: Banks, offset: number, count: number): void {
  if (offset % WORD !== 0 || offset < 0 || offset + count * WORD > banks.stride) {
    throw new RangeError(`${count} u64 at ${offset} are not inside a bank of ${banks.stride} bytes`);
  }
  if (banks.entries < 1 || banks.u64.length * WORD < banks.stride * banks.entries) {
    throw new RangeError('the banks are not mapped');
  }
}
