import { ByteWriter } from './bytes.ts';
import { writeStruct } from './thrift.ts';
import { fieldExtents } from './thrift-reader.ts';

/** Field of FileMetaData that holds the file keys (parquet.thrift), and its wire type, a list. */
const keyValueField = 5;
const listType = 9;

/**
 * replaceKeyValues: a footer (FileMetaData) with other file keys; everything else stays byte for byte, also what is not
 * known here. Throws RangeError where it is damaged.
 */
export function replaceKeyValues(
  footer: Uint8Array,
  keyValues: ReadonlyMap<string, string>,
): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(footer.length + 4096);
  let last = 0;
  const head = (id: number, wire: number) => {
    const step = id - last;
    last = id;
    if (step > 0 && step < 16) out.u8((step << 4) | wire);
    else {
      out.u8(wire);
      out.zigzag(id);
    }
  };
  let written = false;
  const writeKeys = () => {
    written = true;
    if (keyValues.size === 0) return;
    head(keyValueField, listType);
    const pairs = new ByteWriter(4096);
    writeStruct(pairs, (struct) =>
      struct.structs(1, [...keyValues], (pair, [key, value]) => {
        pair.binary(1, key).binary(2, value);
      }),
    );
    // Without the header of the field and the end of the struct around it.
    out.bytes(pairs.written().subarray(1, pairs.length - 1));
  };
  for (const { id, wire, start, end } of fieldExtents(footer)) {
    if (!written && id >= keyValueField) writeKeys();
    if (id === keyValueField) continue;
    head(id, wire);
    out.bytes(footer.subarray(start, end));
  }
  if (!written) writeKeys();
  out.u8(0);
  return out.written();
}
