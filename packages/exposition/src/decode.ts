import type { GroupSchema, HistogramValue, SchemaHash, Snapshot, SnapshotGroup } from '@rezolus/core';
import { readFlatGroups, readWindow } from './flat.ts';
import { readHistogram } from './histogram.ts';
import { malformed } from './msgpack/error.ts';
import { MsgpackReader } from './msgpack/reader.ts';
import { encodedSchema, readSchema } from './schema.ts';

const cachedGroups = 1024;

/** decodeSnapshot: {@link SnapshotDecoder.decode} with nothing remembered. */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  return new SnapshotDecoder().decode(bytes);
}

/**
 * SnapshotDecoder: decodes the snapshots of one endpoint. Remembers the last schema of each group, at most 1,024, so
 * that a schema that did not change is neither parsed nor hashed again and is the same object in each snapshot.
 */
export class SnapshotDecoder {
  readonly #schemas = new Map<string, GroupSchema>();

  /**
   * decode: a snapshot of V1, V2 or V3, told apart by the length of the outermost array (5, 6, 4). A V3 group
   * without a schema gets the remembered one where name and hash agree, else null. V1 has no duration: it is 0.
   * Throws REZ_ERR_SNAPSHOT_FORMAT on anything else, on trailing bytes, on a schema that does not match its hash or
   * the numbers of values, and on a histogram with a wrong number of buckets.
   */
  decode(bytes: Uint8Array): Snapshot {
    const reader = new MsgpackReader(bytes);
    const arity = reader.array();
    if (arity < 4 || arity > 6) throw malformed('a snapshot is not an array of 4, 5 or 6', 0);
    const snapshot: Snapshot = {
      systemTimeNs: readTime(reader),
      durationNs: arity === 5 ? 0n : readTime(reader),
      metadata: reader.stringMap(),
      groups: arity === 4 ? this.#readGroups(reader) : readFlatGroups(reader),
    };
    reader.end();
    return snapshot;
  }

  #readGroups(reader: MsgpackReader): SnapshotGroup[] {
    const groups: SnapshotGroup[] = [];
    for (let left = reader.array(10); left > 0; left--) groups.push(this.#readGroup(reader));
    return groups;
  }

  #readGroup(reader: MsgpackReader): SnapshotGroup {
    const start = reader.position;
    reader.tuple(7, 'a group');
    const name = reader.string();
    reader.tuple(2, 'a schema hash');
    const schemaHash: SchemaHash = [reader.u64(), reader.u64()];
    const schema = this.#readSchema(reader, name, schemaHash);
    const window = reader.nil() ? null : readWindow(reader);
    const counters = reader.u64Array();
    const gauges = reader.i64Array();
    const histograms: (HistogramValue | null)[] = [];
    for (let left = reader.array(); left > 0; left--) {
      histograms.push(reader.nil() ? null : readHistogram(reader));
    }
    if (
      schema !== null &&
      (schema.counters.length !== counters.values.length ||
        schema.gauges.length !== gauges.values.length ||
        schema.histograms.length !== histograms.length)
    ) {
      throw malformed(`the values of group ${name} do not line up with its schema`, start);
    }
    return {
      name,
      schema,
      schemaHash,
      window,
      counters: counters.values,
      countersPresent: counters.present,
      gauges: gauges.values,
      gaugesPresent: gauges.present,
      histograms,
    };
  }

  #readSchema(reader: MsgpackReader, name: string, hash: SchemaHash): GroupSchema | null {
    const known = this.#schemas.get(name);
    if (known !== undefined) {
      const { bytes, hash: knownHash } = encodedSchema(known);
      if (knownHash[0] === hash[0] && knownHash[1] === hash[1]) {
        if (reader.nil()) return known;
        if (startsWith(reader, bytes)) {
          reader.position += bytes.length;
          return known;
        }
      }
    }
    if (reader.nil()) return null;
    const schema = readSchema(reader, hash);
    if (known === undefined && this.#schemas.size >= cachedGroups) this.#schemas.clear();
    this.#schemas.set(name, schema);
    return schema;
  }
}

function startsWith({ bytes, position }: MsgpackReader, expected: Uint8Array): boolean {
  if (expected.length > bytes.length - position) return false;
  for (let i = 0; i < expected.length; i++) if (bytes[position + i] !== expected[i]) return false;
  return true;
}

/** readTime: `[seconds, nanoseconds]` in ns. */
function readTime(reader: MsgpackReader): bigint {
  reader.tuple(2, 'a time');
  const seconds = reader.u64();
  const at = reader.position;
  const nanos = reader.u64();
  if (nanos >= 1_000_000_000n) throw malformed('nanoseconds make more than a second', at);
  return seconds * 1_000_000_000n + nanos;
}
