import { RezolusError } from '@rezolus/core/errors';
import type { RangeReply } from './contract.ts';

/*
 * The compact form of a range answer, little endian:
 *
 *   u32 length of the header | header (JSON, UTF-8) | zeros up to a multiple of 8 | columns, each padded to 8 bytes
 *
 * The header names the columns in the order they follow, so a decoder views them in place. Times of series are shared:
 * a time column is either a regular grid that lives in the header, or f64 values.
 */

type TimeColumn = { readonly n: number; readonly start?: number; readonly step?: number };

interface SeriesHeader {
  readonly labels: Readonly<Record<string, string>>;
  /** Index of its time column. */
  readonly times: number;
  /** Whether min and max columns follow the values. */
  readonly envelope: boolean;
}

type Header =
  | {
      readonly v: 1;
      readonly kind: 'lines';
      readonly times: readonly TimeColumn[];
      readonly series: readonly SeriesHeader[];
    }
  | {
      readonly v: 1;
      readonly kind: 'buckets';
      readonly times: TimeColumn;
      readonly bounds: number;
      readonly cells: number;
    };

type Lines = Extract<RangeReply, { kind: 'lines' }>;
type Buckets = Extract<RangeReply, { kind: 'buckets' }>;
type ColumnArray = Float64Array | Uint32Array | Uint16Array;

const align = (bytes: number) => (bytes + 7) & ~7;

/** rangeContentType: media type of the compact form. */
export const rangeContentType = 'application/vnd.rezolus.range';

/** encodeRange: the bytes of `reply` in the compact form. Series that share a `times` array share its bytes. */
export function encodeRange(reply: RangeReply): Uint8Array<ArrayBuffer> {
  return reply.kind === 'lines' ? encodeLines(reply) : encodeBuckets(reply);
}

function encodeLines(reply: Lines): Uint8Array<ArrayBuffer> {
  const timeIndex = new Map<Float64Array, number>();
  const times: TimeColumn[] = [];
  const columns: ColumnArray[] = [];
  for (const series of reply.series) {
    if (timeIndex.has(series.times)) continue;
    timeIndex.set(series.times, times.length);
    times.push(timeColumn(series.times, columns));
  }
  const series = reply.series.map((one): SeriesHeader => {
    const envelope = one.min !== undefined && one.max !== undefined;
    columns.push(one.values, ...(envelope ? [one.min!, one.max!] : []));
    return { labels: one.labels, times: timeIndex.get(one.times)!, envelope };
  });
  return assemble({ v: 1, kind: 'lines', times, series }, columns);
}

function encodeBuckets(reply: Buckets): Uint8Array<ArrayBuffer> {
  const columns: ColumnArray[] = [];
  const times = timeColumn(reply.times, columns);
  columns.push(reply.bounds, reply.counts, reply.columns, reply.rows);
  const header = { v: 1, kind: 'buckets', times, bounds: reply.bounds.length, cells: reply.counts.length };
  return assemble(header as Header, columns);
}

/** timeColumn describes `times` and adds it to `columns` unless it is a regular grid. */
function timeColumn(times: Float64Array, columns: ColumnArray[]): TimeColumn {
  const n = times.length;
  if (n > 1) {
    const start = times[0]!;
    const step = times[1]! - start;
    if (times.every((time, i) => time === start + i * step)) return { n, start, step };
  }
  columns.push(times);
  return { n };
}

function assemble(header: Header, columns: readonly ColumnArray[]): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(JSON.stringify(header));
  const first = align(4 + head.length);
  const size = columns.reduce((sum, column) => sum + align(column.byteLength), first);
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(0, head.length, true);
  bytes.set(head, 4);
  let at = first;
  for (const column of columns) {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
    at += align(column.byteLength);
  }
  return bytes;
}

/**
 * decodeRange: the reply in `bytes`, the body of a range answer. Columns are views into `bytes`, not copies.
 * Throws RezolusError REZ_ERR_ENDPOINT_RESPONSE where the bytes are not the compact form.
 */
export function decodeRange(bytes: ArrayBuffer): RangeReply {
  try {
    const length = new DataView(bytes).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length))) as Header;
    if (header.v !== 1) throw new Error(`version ${String(header.v)} is not known`);
    const reader = new ColumnReader(bytes, align(4 + length));
    if (header.kind === 'lines') return decodeLines(header, reader);
    if (header.kind === 'buckets') return decodeBuckets(header, reader);
    throw new Error('its kind is not known');
  } catch (cause) {
    throw new RezolusError('REZ_ERR_ENDPOINT_RESPONSE', 'the answer is not a range in the compact form', {
      cause,
    });
  }
}

class ColumnReader {
  readonly #bytes: ArrayBuffer;
  #at: number;

  constructor(bytes: ArrayBuffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  float64(n: number): Float64Array {
    return this.#advance(new Float64Array(this.#bytes, this.#at, n));
  }

  uint32(n: number): Uint32Array {
    return this.#advance(new Uint32Array(this.#bytes, this.#at, n));
  }

  uint16(n: number): Uint16Array {
    return this.#advance(new Uint16Array(this.#bytes, this.#at, n));
  }

  #advance<T extends ColumnArray>(column: T): T {
    this.#at += align(column.byteLength);
    return column;
  }
}

function decodeLines(header: Extract<Header, { kind: 'lines' }>, reader: ColumnReader): Lines {
  const stored = header.times.map((time) => (time.start === undefined ? reader.float64(time.n) : null));
  const series = header.series.map((one) => {
    const { n } = header.times[one.times]!;
    const values = reader.float64(n);
    const envelope = one.envelope ? { min: reader.float64(n), max: reader.float64(n) } : {};
    // A grid is laid out only after a value column of its length was found in the bytes.
    stored[one.times] ??= grid(header.times[one.times]!);
    return { labels: one.labels, times: stored[one.times]!, values, ...envelope };
  });
  return { kind: 'lines', series };
}

function decodeBuckets(header: Extract<Header, { kind: 'buckets' }>, reader: ColumnReader): Buckets {
  const stored = header.times.start === undefined ? reader.float64(header.times.n) : null;
  const bounds = reader.float64(header.bounds);
  const counts = reader.float64(header.cells);
  const columns = reader.uint32(header.cells);
  const rows = reader.uint16(header.cells);
  return { kind: 'buckets', times: stored ?? grid(header.times), bounds, columns, rows, counts };
}

function grid({ n, start = 0, step = 0 }: TimeColumn): Float64Array {
  if (n > 10_000_000) throw new RangeError('too many columns');
  return Float64Array.from({ length: n }, (_, i) => start + i * step);
}
