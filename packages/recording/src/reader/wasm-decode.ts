import { bucketCount } from '@rezolus/core/histogram';
import { type Data, tableFromIPC } from 'apache-arrow';
import type * as ParquetWasm from 'parquet-wasm';
import { wordsOf } from '../parquet/bytes.ts';
import { writeFooter } from '../parquet/footer.ts';
import { chunkStart } from '../parquet/footer-reader.ts';
import { type ColumnChunk, magic } from '../parquet/format.ts';
import type { FloatData, HistogramData, ScalarData, StoredChunk } from './data.ts';

/** Dense bucket counts that are in JavaScript at a time. */
const maxDenseValues = 2 ** 21;

let loading: Promise<typeof ParquetWasm> | undefined;

/** loadParquet: the module; in a browser its WebAssembly must be fetched first. */
function loadParquet(): Promise<typeof ParquetWasm> {
  loading ??= import('parquet-wasm').then(async (parquet) => {
    const initialise = (parquet as { default?: unknown }).default;
    if (typeof initialise === 'function') await initialise();
    return parquet;
  });
  return loading;
}

/** decodeScalarsByWasm: chunks of one row group of `rows` rows. Throws what the decoder throws for damaged pages. */
export async function decodeScalarsByWasm(
  chunks: readonly StoredChunk[],
  rows: number,
): Promise<(ScalarData | FloatData)[]> {
  const decoded: (ScalarData | FloatData)[] = [];
  if (chunks.length === 0) return decoded;
  for await (const columns of decodeBatches(chunks, rows, rows)) {
    for (const [i, data] of columns.entries()) {
      const { kind, float = false } = chunks[i]!.layout.column;
      const values = (data.values as BigUint64Array | BigInt64Array | Float64Array).slice(0, data.length);
      const valid = validity(data);
      const words = new Uint32Array(values.buffer);
      for (let row = 0; valid !== null && row < rows; row++) {
        if (valid[row] === 0) words.fill(0, 2 * row, 2 * row + 2);
      }
      if (float) decoded.push({ kind: 'float', values: values as Float64Array, valid });
      else if (kind === 'gauge') decoded.push({ kind: 'signed', values: values as BigInt64Array, valid });
      else decoded.push({ kind: 'unsigned', values: values as BigUint64Array, valid });
    }
  }
  if (rows > 0 && decoded.length !== chunks.length) throw new RangeError('row group of another length');
  return decoded;
}

/** decodeHistogramByWasm: one histogram chunk; dense rows are made sparse a batch at a time. */
export async function decodeHistogramByWasm(chunk: StoredChunk, rows: number): Promise<HistogramData> {
  const width = bucketCount(chunk.layout.column.histogram!);
  if (chunk.chunk.values > rows * width) throw new RangeError('histogram with too many buckets');
  const batchRows = Math.max(1, Math.floor(maxDenseValues / width));
  const starts = new Uint32Array(rows + 1);
  const valid = new Uint8Array(rows);
  const parts: { buckets: Uint16Array; counts: BigUint64Array }[] = [];
  let row = 0;
  let total = 0;
  for await (const [list] of decodeBatches([chunk], rows, batchRows)) {
    const part = sparse(list!, starts.subarray(row), total, width);
    valid.set(validity(list!) ?? new Uint8Array(list!.length).fill(1), row);
    total += part.buckets.length;
    row += list!.length;
    parts.push(part);
  }
  const buckets = new Uint16Array(total);
  const counts = new BigUint64Array(total);
  let at = 0;
  for (const part of parts) {
    buckets.set(part.buckets, at);
    counts.set(part.counts, at);
    at += part.buckets.length;
  }
  return { kind: 'histogram', starts, buckets, counts, valid: valid.includes(0) ? valid : null };
}

/** sparse: the non-empty buckets of a batch; `starts[i + 1]` is set to the end of its row i, counted from `base`. */
function sparse(list: Data, starts: Uint32Array, base: number, width: number) {
  const child = list.children[0]!;
  const values = child.values as BigUint64Array;
  const words = wordsOf(values);
  const offsets = list.valueOffsets as Int32Array;
  const from = offsets[0]!;
  const end = offsets[list.length]!;
  let used = 0;
  for (let i = from; i < end; i++) if ((words[2 * i]! | words[2 * i + 1]!) !== 0) used++;
  const buckets = new Uint16Array(used);
  const counts = new BigUint64Array(used);
  let at = 0;
  for (let row = 0; row < list.length; row++) {
    const start = offsets[row]!;
    const stop = offsets[row + 1]!;
    if (stop - start > width) throw new RangeError('histogram with too many buckets');
    for (let i = start; i < stop; i++) {
      if ((words[2 * i]! | words[2 * i + 1]!) === 0) continue;
      buckets[at] = i - start;
      counts[at] = values[i]!;
      at++;
    }
    starts[row + 1] = base + at;
  }
  return { buckets, counts };
}

function validity(data: Data): Uint8Array | null {
  if (data.nullCount === 0) return null;
  return Uint8Array.from({ length: data.length }, (_, row) => (data.getValid(row) ? 1 : 0));
}

/**
 * decodeBatches: hands the chunks to parquet-wasm as a file of their own, with a footer for just them, so that columns
 * are chosen by position (names repeat in combined recordings) and a wide footer is parsed once.
 */
async function* decodeBatches(
  chunks: readonly StoredChunk[],
  rows: number,
  batchSize: number,
): AsyncGenerator<Data[]> {
  const { readParquet } = await loadParquet();
  using table = readParquet(repack(chunks, rows), { batchSize });
  for (let i = 0; i < table.numBatches; i++) {
    const batch = tableFromIPC(table.recordBatch(i)!.intoIPCStream()).batches[0];
    if (batch !== undefined) yield batch.data.children;
  }
}

function repack(chunks: readonly StoredChunk[], rows: number): Uint8Array {
  const parts: Uint8Array[] = [magic];
  let offset = magic.length;
  const moved = chunks.map(({ chunk, bytes }, position): ColumnChunk => {
    const shift = offset - chunkStart(chunk);
    parts.push(bytes);
    offset += bytes.length;
    const { dictionaryPageOffset: dictionary, ...rest } = chunk;
    return {
      ...rest,
      path: [String(position), ...chunk.path.slice(1)],
      statistics: undefined,
      dataPageOffset: chunk.dataPageOffset + shift,
      ...(dictionary !== undefined && dictionary > 0 ? { dictionaryPageOffset: dictionary + shift } : {}),
    };
  });
  const schema = chunks.flatMap(({ layout }, position) =>
    layout.elements.map((element, i) => (i === 0 ? { ...element, name: String(position) } : element)),
  );
  parts.push(
    writeFooter({
      schema: [{ name: 'schema', children: chunks.length }, ...schema],
      rowGroups: [{ rows, chunks: moved }],
      rows,
      keyValues: new Map(),
    }),
  );
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}
