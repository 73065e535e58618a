/** RangeSource: random access to the bytes of a recording: a file, a Blob, later an HTTP server with ranges. */
export interface RangeSource {
  /** Bytes in all. */
  readonly size: number;
  /** read: the bytes from `offset`; the caller stays within `size`. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** blobSource: a Blob or File, in Node or in the browser. */
export function blobSource(blob: Blob): RangeSource {
  return {
    size: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
    close: async () => {},
  };
}

/** Range: a part of a source, in bytes. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

/** Bytes between two ranges that are cheaper to read than to skip, and the most that is read at once. */
const maxGap = 32 * 1024;
const maxRead = 8 * 1024 * 1024;

/** readRanges: the bytes of many ranges with few reads: neighbours are read together. */
export async function readRanges(source: RangeSource, ranges: readonly Range[]): Promise<Uint8Array[]> {
  const order = [...ranges.keys()].sort((a, b) => ranges[a]!.offset - ranges[b]!.offset);
  const results: Uint8Array[] = [];
  for (let first = 0; first < order.length; ) {
    const { offset } = ranges[order[first]!]!;
    let end = offset;
    let next = first;
    while (next < order.length) {
      const range = ranges[order[next]!]!;
      const stop = Math.max(end, range.offset + range.length);
      if (next > first && (range.offset > end + maxGap || stop - offset > maxRead)) break;
      end = stop;
      next++;
    }
    const bytes = await source.read(offset, end - offset);
    for (const index of order.slice(first, next)) {
      const start = ranges[index]!.offset - offset;
      results[index] = bytes.subarray(start, start + ranges[index]!.length);
    }
    first = next;
  }
  return results;
}
