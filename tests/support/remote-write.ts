/** RemoteSeries: a series as remote write sends it; `stale` in place of a value ends it there. */
export interface RemoteSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly { readonly timeMs: number; readonly value: number | 'stale' }[];
}

/** The NaN that Prometheus takes for "the series ended" (model/value, StaleNaN). */
const staleBits = 0x7ff0_0000_0000_0002n;

/** writeRequest: a remote write 1.0 body: the protobuf WriteRequest in a snappy block of literals. */
export function writeRequest(series: readonly RemoteSeries[]): Uint8Array<ArrayBuffer> {
  return snappy(concatenate(series.map((each) => delimited(1, timeSeries(each)))));
}

function timeSeries({ labels, samples }: RemoteSeries): Uint8Array {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return concatenate([
    ...sorted.map(([name, value]) => delimited(1, concatenate([text(1, name), text(2, value)]))),
    ...samples.map(({ timeMs, value }) => delimited(2, sample(timeMs, value))),
  ]);
}

function sample(timeMs: number, value: number | 'stale'): Uint8Array {
  const double = new DataView(new ArrayBuffer(8));
  if (value === 'stale') double.setBigUint64(0, staleBits, true);
  else double.setFloat64(0, value, true);
  return concatenate([
    Uint8Array.of((1 << 3) | 1),
    new Uint8Array(double.buffer),
    Uint8Array.of(2 << 3),
    varint(timeMs),
  ]);
}

function text(field: number, value: string): Uint8Array {
  return delimited(field, new TextEncoder().encode(value));
}

function delimited(field: number, content: Uint8Array): Uint8Array {
  return concatenate([Uint8Array.of((field << 3) | 2), varint(content.length), content]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}

/** The block format of snappy: the length, then literals of at most 2^16 bytes (tag 61: the length in two bytes). */
function snappy(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [varint(content.length)];
  for (let at = 0; at < content.length; at += 2 ** 16) {
    const literal = content.subarray(at, at + 2 ** 16);
    const length = literal.length - 1;
    parts.push(Uint8Array.of(61 << 2, length & 0xff, length >> 8), literal);
  }
  return concatenate(parts);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
