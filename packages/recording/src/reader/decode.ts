import { type DataPage, type Inflate, readPages, supports, UnknownPage } from '../parquet/page-reader.ts';
import type { ColumnData, FloatData, ScalarData, StoredChunk } from './data.ts';
import { decodeHistogram, decodeScalar, definitionLevel } from './page-decode.ts';

/**
 * decodeChunks: chunks of one row group of `rows` rows. What recorders write (ours and the original's) is decoded here,
 * where `inflate` is given; anything else by parquet-wasm. Measured on a day of one histogram and of 240 counters, the
 * detour over WebAssembly and Arrow takes 5 to 10 times as long. Throws RangeError or an error of the decoder for
 * damaged pages.
 */
export async function decodeChunks(
  chunks: readonly StoredChunk[],
  rows: number,
  inflate: Inflate | undefined,
): Promise<ColumnData[]> {
  const decoded = chunks.map((chunk) => (inflate === undefined ? null : tryDecode(chunk, rows, inflate)));
  if (!decoded.includes(null)) return decoded as ColumnData[];
  // Few recordings need them: the modules that this takes are larger than all of ours.
  const { decodeHistogramByWasm, decodeScalarsByWasm } = await import('./wasm-decode.ts');
  const scalars = chunks.filter((chunk, i) => decoded[i] === null && !isHistogram(chunk));
  const others: (ScalarData | FloatData)[] = await decodeScalarsByWasm(scalars, rows);
  const results: ColumnData[] = [];
  for (const [i, chunk] of chunks.entries()) {
    const left = () => (isHistogram(chunk) ? decodeHistogramByWasm(chunk, rows) : others.shift()!);
    results.push(decoded[i] ?? (await left()));
  }
  return results;
}

/** pagesOf: the pages of a chunk, decoded as they are asked for; null where it takes parquet-wasm to read it. */
export function pagesOf(chunk: StoredChunk, inflate: Inflate): Iterable<DataPage> | null {
  if (!isKnown(chunk)) return null;
  const levels = { repetition: isHistogram(chunk) ? 1 : 0, definition: definitionLevel(chunk) } as const;
  return readPages(chunk.chunk, chunk.bytes, levels, inflate);
}

function isKnown(chunk: StoredChunk): boolean {
  const level = definitionLevel(chunk);
  return supports(chunk.chunk) && (isHistogram(chunk) ? level === 3 : level <= 1);
}

function tryDecode(chunk: StoredChunk, rows: number, inflate: Inflate): ColumnData | null {
  if (!isKnown(chunk)) return null;
  try {
    return isHistogram(chunk) ? decodeHistogram(chunk, rows, inflate) : decodeScalar(chunk, rows, inflate);
  } catch (error) {
    if (error instanceof UnknownPage) return null;
    throw error;
  }
}

function isHistogram({ layout }: StoredChunk): boolean {
  return layout.column.kind === 'histogram';
}
