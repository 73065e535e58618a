import { bucketCount, bucketLower, type HistogramConfig, type HistogramValue } from '@rezolus/core';
import { bucketMidpoints } from './classic.ts';
import { counts } from './quantiles.ts';

/**
 * zeroThreshold: values up to this fall into the zero bucket: of ours, only 0. Greater than 0, because parsers take a
 * histogram without it and without buckets for a classic one (client_golang's default).
 */
export const zeroThreshold = 2 ** -128;

/** Most pieces that one H2 bucket is cut into. */
const maxPieces = 3;

interface Conversion {
  readonly schema: number;
  /** Number of exponential buckets; bucket `i` holds the values in (2^((i-1)/2^schema), 2^(i/2^schema)]. */
  readonly size: number;
  /** For H2 bucket `i`, the exponential bucket of its first piece; each further piece is the next one. */
  readonly first: Int32Array;
  /** For H2 bucket `i` and piece `j` at `i * maxPieces + j`: share of what the pieces before left. */
  readonly shares: Float64Array;
}

const conversions = new Map<string, Conversion>();

/**
 * conversion: from H2 to the exponential schema with as many buckets per power of two (at most schema 8). A bucket
 * that straddles a bound is cut there, as if its integers were all as frequent: cumulative counts at the bounds are those
 * of linear interpolation. Shares apply one after the other and rounded down, so no count ever falls while ours grow.
 */
function conversion(config: HistogramConfig): Conversion {
  const key = `${config.groupingPower}/${config.maxValuePower}`;
  const known = conversions.get(key);
  if (known !== undefined) return known;
  const schema = Math.min(config.groupingPower, 8);
  const perOctave = 2 ** schema;
  const length = bucketCount(config);
  const first = new Int32Array(length);
  const shares = new Float64Array(length * maxPieces);
  for (let i = 1; i < length; i++) {
    const lower = Number(bucketLower(i, config));
    const end = i + 1 < length ? Number(bucketLower(i + 1, config)) : 2 ** config.maxValuePower;
    let bucket = indexOf(lower, perOctave);
    // A power of two is the last value of its bucket; the rest of a wide H2 bucket that begins with it is in the next.
    if (end - lower > 1 && Math.floor(bound(bucket, perOctave)) === lower) bucket++;
    first[i] = bucket;
    let from = lower;
    for (let piece = 0; piece < maxPieces && from < end; piece++, bucket++) {
      const to = Math.min(end, Math.floor(bound(bucket, perOctave)) + 1);
      shares[i * maxPieces + piece] = piece === maxPieces - 1 ? 1 : (to - from) / (end - from);
      from = to;
    }
  }
  const made = { schema, size: perOctave * config.maxValuePower + 2, first, shares };
  conversions.set(key, made);
  return made;
}

/** bound: the inclusive upper end of an exponential bucket; powers of two are exact. */
function bound(index: number, perOctave: number): number {
  const octave = Math.floor(index / perOctave);
  return 2 ** octave * 2 ** ((index - octave * perOctave) / perOctave);
}

function indexOf(value: number, perOctave: number): number {
  let index = Math.ceil(Math.log2(value) * perOctave);
  while (index > 0 && bound(index - 1, perOctave) >= value) index--;
  while (bound(index, perOctave) < value) index++;
  return index;
}

/** NativeHistogram: an exponential histogram, sparse: `spans` are pairs of a gap to the last span and a length. */
export interface NativeHistogram {
  readonly schema: number;
  readonly count: number;
  /** Where it is estimated, buckets of more than one value count with their middle: at most 6.25 % off at grouping power 3. */
  readonly sum: number;
  readonly zeroCount: number;
  readonly spans: readonly number[];
  /** Counts of the buckets of all spans. */
  readonly counts: readonly number[];
}

let scratch = new Float64Array(0);
let exponential = new Float64Array(0);

/** Up to this many empty buckets cost less within a span than a new span does. */
const bridgedGap = 2;

/**
 * toNative: an H2 histogram as Prometheus' exponential one: grouping power 3 becomes schema 3. What a quantile of the
 * result says is at most 18.9 % above and 13.6 % below the true value, for any distribution;
 * of many spread values it is about 2 %.
 * Counts are exact up to 2^53. `exactSum` is the sum where somebody counted it; else it is estimated.
 */
export function toNative(value: HistogramValue, exactSum: bigint | null = null): NativeHistogram {
  const { schema, size, first, shares } = conversion(value.config);
  const middles = bucketMidpoints(value.config);
  const length = value.buckets.length;
  if (scratch.length < length) scratch = new Float64Array(length);
  if (exponential.length < size) exponential = new Float64Array(size);
  counts(value, scratch);
  const zeroCount = scratch[0]!;
  let count = zeroCount;
  let sum = 0;
  let lowest = size;
  let highest = -1;
  for (let i = 1; i < length; i++) {
    let rest = scratch[i]!;
    if (rest === 0) continue;
    count += rest;
    sum += rest * middles[i]!;
    let bucket = first[i]!;
    if (bucket < lowest) lowest = bucket;
    for (let piece = i * maxPieces; rest > 0; piece++, bucket++) {
      const part = Math.floor(rest * shares[piece]!);
      exponential[bucket] = exponential[bucket]! + part;
      rest -= part;
      if (part > 0 && bucket > highest) highest = bucket;
    }
  }
  if (exactSum !== null) sum = Number(exactSum);
  return { schema, count, sum, zeroCount, ...takeSpans(lowest, highest) };
}

/** takeSpans: reads the exponential buckets and clears them for the next histogram. */
function takeSpans(lowest: number, highest: number): Pick<NativeHistogram, 'spans' | 'counts'> {
  const spans: number[] = [];
  const values: number[] = [];
  let end = 0;
  for (let i = lowest; i <= highest; i++) {
    const part = exponential[i]!;
    if (part === 0) continue;
    exponential[i] = 0;
    const gap = i - end;
    if (spans.length > 0 && gap <= bridgedGap) {
      for (let empty = 0; empty < gap; empty++) values.push(0);
      spans[spans.length - 1] = spans[spans.length - 1]! + gap + 1;
    } else {
      spans.push(gap, 1);
    }
    values.push(part);
    end = i + 1;
  }
  return { spans, counts: values };
}
