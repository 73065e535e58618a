const hashBits = 14;
const blockSize = 1 << 16;
const minMatch = 4;

/**
 * snappyCompress: the snappy block format (google/snappy, format_description.txt), as remote write wants it. Greedy, with
 * a table of 16,384 positions per block of 64 KB.
 */
export function snappyCompress(input: Uint8Array): Uint8Array {
  const output = new Uint8Array(32 + input.length + Math.ceil(input.length / 6));
  const table = new Int32Array(1 << hashBits);
  let length = writeVarint(output, 0, input.length);
  for (let start = 0; start < input.length; start += blockSize) {
    length = compressBlock(
      input,
      start,
      Math.min(start + blockSize, input.length),
      output,
      length,
      table.fill(-1),
    );
  }
  return output.slice(0, length);
}

function compressBlock(
  input: Uint8Array,
  start: number,
  end: number,
  output: Uint8Array,
  at: number,
  table: Int32Array,
): number {
  let length = at;
  let literal = start;
  let position = start;
  let misses = 0;
  while (position + minMatch <= end) {
    const word = readWord(input, position);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - hashBits);
    const candidate = table[slot]!;
    table[slot] = position;
    if (candidate < 0 || readWord(input, candidate) !== word) {
      // The longer nothing repeats, the larger the steps: what cannot be compressed costs little.
      position += 1 + (misses++ >> 5);
      continue;
    }
    misses = 0;
    length = writeLiteral(input, literal, position, output, length);
    let matched = minMatch;
    while (position + matched < end && input[candidate + matched] === input[position + matched]) matched++;
    length = writeCopies(position - candidate, matched, output, length);
    position += matched;
    literal = position;
  }
  return writeLiteral(input, literal, end, output, length);
}

function readWord(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function writeVarint(output: Uint8Array, at: number, value: number): number {
  let length = at;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) output[length++] = (rest % 0x80) | 0x80;
  output[length++] = rest;
  return length;
}

function writeLiteral(input: Uint8Array, from: number, to: number, output: Uint8Array, at: number): number {
  let length = at;
  if (to === from) return length;
  const size = to - from - 1;
  if (size < 60) {
    output[length++] = size << 2;
  } else if (size < 256) {
    output[length++] = 60 << 2;
    output[length++] = size;
  } else {
    output[length++] = 61 << 2;
    output[length++] = size & 0xff;
    output[length++] = size >> 8;
  }
  output.set(input.subarray(from, to), length);
  return length + to - from;
}

/** writeCopies: copies with offsets of two bytes, each of up to 64 bytes. */
function writeCopies(offset: number, count: number, output: Uint8Array, at: number): number {
  let length = at;
  for (let rest = count; rest > 0; ) {
    const size = Math.min(rest, 64);
    output[length++] = ((size - 1) << 2) | 2;
    output[length++] = offset & 0xff;
    output[length++] = offset >> 8;
    rest -= size;
  }
  return length;
}
