import { readDelta } from './delta-reader.ts';
import { natural } from './footer-reader.ts';
import { type ColumnChunk, codec, encoding, pageType } from './format.ts';
import { isConstant, maxHybridWidth, readHybrid, readZeroes } from './hybrid-reader.ts';
import { readLeadingStruct, type ThriftStruct } from './thrift-reader.ts';

/** Inflate: undoes ZSTD; `size` is what the bytes must come to. Throws where they are damaged. */
export type Inflate = (bytes: Uint8Array, size: number) => Uint8Array;

/** MaxLevels: the highest repetition and definition level of a column: 0 and 0 if required, 1 and 3 for a list. */
export interface MaxLevels {
  readonly repetition: 0 | 1;
  readonly definition: number;
}

/**
 * DataPage: a decoded page of `entries` levels. `rows` are the entries at which rows begin, null where every entry is a
 * row. `definition` are the levels, null where every entry has a value. `words` are the low and high halves of the
 * values that are there; they are valid until the next page is asked for.
 */
export interface DataPage {
  readonly entries: number;
  readonly rows: Uint32Array | null;
  readonly definition: Uint8Array | null;
  readonly words: Uint32Array;
}

/** The most a page may come to; writers cut at a megabyte or so. */
const maxPageBytes = 2 ** 30;

/**
 * readPages: the data pages of a chunk of 64-bit values, one after another. `supports` says beforehand whether a
 * chunk is written in a way that this knows. Throws RangeError or what `inflate` throws for damaged pages, and
 * `UnknownPage` for pages of another kind.
 */
export function* readPages(
  chunk: ColumnChunk,
  bytes: Uint8Array,
  levels: MaxLevels,
  inflate: Inflate,
): Generator<DataPage> {
  const scratch = new Scratch();
  let dictionary: Uint32Array | null = null;
  let entries = 0;
  for (let at = 0; entries < chunk.values; ) {
    const { struct: header, length } = readLeadingStruct(bytes.subarray(at));
    const type = natural(header, 1);
    const size = natural(header, 2);
    const stored = natural(header, 3);
    at += length;
    if (size > maxPageBytes || at + stored > bytes.length) throw new RangeError('page beyond its chunk');
    const content = expand(chunk, bytes.subarray(at, at + stored), size, inflate);
    at += stored;
    if (type === pageType.dictionary) {
      const count = natural(part(header, 7), 1);
      dictionary = plainWords(content, 0, count, new Scratch());
    } else if (type === pageType.data) {
      const data = part(header, 5);
      if (natural(data, 1) > chunk.values - entries) throw new RangeError('page of another length');
      const page = decodePage(content, natural(data, 1), natural(data, 2), levels, dictionary, scratch);
      entries += page.entries;
      yield page;
    } else {
      throw new UnknownPage(`page of type ${type}`);
    }
  }
}

/** Scratch: memory for the values of one page after another: fresh memory costs more than what is done with it. */
class Scratch {
  #words = new Uint32Array(0);

  /** words: room for `count` words, with whatever was in it. */
  words(count: number): Uint32Array {
    if (this.#words.length < count) this.#words = new Uint32Array(count);
    return this.#words.subarray(0, count);
  }
}

/** UnknownPage: a page that is written in a way that is not known here. */
export class UnknownPage extends Error {}

/** supports: whether `readPages` knows codec and encodings of a chunk. */
export function supports({ codec: used, encodings }: ColumnChunk): boolean {
  const known: readonly number[] = Object.values(encoding);
  return (used === codec.zstd || used === codec.uncompressed) && encodings.every((e) => known.includes(e));
}

function expand(
  { codec: used }: ColumnChunk,
  stored: Uint8Array,
  size: number,
  inflate: Inflate,
): Uint8Array {
  const content = used === codec.uncompressed ? stored : inflate(stored, size);
  if (content.length !== size) throw new RangeError('page of another length');
  return content;
}

function part(header: ThriftStruct, id: number): ThriftStruct {
  const value = header.get(id);
  if (!(value instanceof Map)) throw new RangeError('page header without its details');
  return value;
}

function decodePage(
  content: Uint8Array,
  entries: number,
  used: number,
  levels: MaxLevels,
  dictionary: Uint32Array | null,
  scratch: Scratch,
): DataPage {
  let at = 0;
  const next = (): Uint8Array => {
    if (at + 4 > content.length) throw new RangeError('page ends early');
    const length = new DataView(content.buffer, content.byteOffset + at).getUint32(0, true);
    at += 4 + length;
    return content.subarray(at - length, at);
  };
  const rows = levels.repetition === 0 ? null : readZeroes(next(), entries);
  const definition = levels.definition === 0 ? null : readDefinition(next(), levels.definition, entries);
  let values = entries;
  if (definition !== null) {
    values = 0;
    for (const level of definition) if (level === levels.definition) values++;
  }
  return { entries, rows, definition, words: decodeValues(content, at, used, values, dictionary, scratch) };
}

function readDefinition(bytes: Uint8Array, most: number, entries: number): Uint8Array | null {
  const width = 32 - Math.clz32(most);
  if (isConstant(bytes, width, most, entries)) return null;
  const definition = new Uint8Array(entries);
  readHybrid(bytes, width, definition, entries);
  return definition;
}

function decodeValues(
  content: Uint8Array,
  at: number,
  used: number,
  count: number,
  dictionary: Uint32Array | null,
  scratch: Scratch,
): Uint32Array {
  if (count === 0) return new Uint32Array(0);
  if (used === encoding.plain) return plainWords(content, at, count, scratch);
  const words = scratch.words(2 * count);
  if (used === encoding.deltaBinaryPacked) {
    readDelta(content.subarray(at), words, count);
    return words;
  }
  if (used !== encoding.rleDictionary && used !== encoding.plainDictionary) {
    throw new UnknownPage(`encoding ${used}`);
  }
  const width = content[at] ?? 0;
  if (dictionary === null) throw new RangeError('page without its dictionary');
  if (width > maxHybridWidth) throw new UnknownPage(`dictionary of ${width} bits`);
  const indexes = new Uint32Array(count);
  readHybrid(content.subarray(at + 1), width, indexes, count);
  for (let i = 0; i < count; i++) {
    const index = 2 * indexes[i]!;
    if (index >= dictionary.length) throw new RangeError('value beyond the dictionary');
    words[2 * i] = dictionary[index]!;
    words[2 * i + 1] = dictionary[index + 1]!;
  }
  return words;
}

function plainWords(content: Uint8Array, at: number, count: number, scratch: Scratch): Uint32Array {
  const end = at + 8 * count;
  if (end > content.length) throw new RangeError('page ends early');
  const start = content.byteOffset + at;
  if (start % 4 === 0) return new Uint32Array(content.buffer, start, 2 * count);
  const words = scratch.words(2 * count);
  new Uint8Array(words.buffer).set(content.subarray(at, end));
  return words;
}
