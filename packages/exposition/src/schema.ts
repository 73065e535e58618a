import type { GroupSchema, SchemaHash, SeriesSchema } from '@rezolus/core';
import { fnv1a128 } from './fnv.ts';
import { malformed } from './msgpack/error.ts';
import type { MsgpackReader } from './msgpack/reader.ts';
import { MsgpackWriter } from './msgpack/writer.ts';

/** EncodedSchema: the compact msgpack of a schema and its hash. */
export interface EncodedSchema {
  readonly bytes: Uint8Array;
  readonly hash: SchemaHash;
}

const encoded = new WeakMap<GroupSchema, EncodedSchema>();
const writer = new MsgpackWriter();

/** encodedSchema: bytes and hash of a schema, made once per schema object: a changed group has a new one. */
export function encodedSchema(schema: GroupSchema): EncodedSchema {
  let entry = encoded.get(schema);
  if (entry === undefined) {
    const bytes = encodeSchema(schema);
    entry = { bytes, hash: fnv1a128(bytes) };
    encoded.set(schema, entry);
  }
  return entry;
}

/** schemaHash: FNV-1a 128 over the compact msgpack of a schema whose label keys are sorted, as two u64. */
export function schemaHash(schema: GroupSchema): SchemaHash {
  return encodedSchema(schema).hash;
}

function encodeSchema(schema: GroupSchema): Uint8Array {
  writer.reset();
  writer.array(3);
  for (const kind of [schema.counters, schema.gauges, schema.histograms]) {
    writer.array(kind.length);
    for (const { name, labels } of kind) {
      writer.array(2);
      writer.string(name);
      writer.stringMap(labels, 'sorted');
    }
  }
  return writer.take();
}

/**
 * readSchema: the next schema of a snapshot; its bytes must have the hash that was announced.
 * Throws REZ_ERR_SNAPSHOT_FORMAT.
 */
export function readSchema(reader: MsgpackReader, announced: SchemaHash): GroupSchema {
  const start = reader.position;
  reader.tuple(3, 'a schema');
  const schema = { counters: readSeries(reader), gauges: readSeries(reader), histograms: readSeries(reader) };
  const bytes = reader.bytes.slice(start, reader.position);
  const hash = fnv1a128(bytes);
  if (hash[0] !== announced[0] || hash[1] !== announced[1]) {
    throw malformed('a schema does not have the hash that is announced', start);
  }
  encoded.set(schema, { bytes, hash });
  return schema;
}

function readSeries(reader: MsgpackReader): SeriesSchema[] {
  const series: SeriesSchema[] = [];
  for (let left = reader.array(3); left > 0; left--) {
    reader.tuple(2, 'a series');
    series.push({ name: reader.string(), labels: reader.stringMap() });
  }
  return series;
}
