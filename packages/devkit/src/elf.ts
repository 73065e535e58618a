import { RezolusError } from '@rezolus/core';

/** ElfSection: a section of an object file. */
export interface ElfSection {
  readonly name: string;
  readonly data: DataView;
}

/** ElfFunction: a global function of an object file, that is, a BPF program. */
export interface ElfFunction {
  readonly name: string;
  readonly section: string;
  /** Size of its code in bytes; a BPF instruction has 8. */
  readonly size: number;
}

const SHT_SYMTAB = 2;
const SHT_NOBITS = 8;
const STT_FUNC = 2;
const STB_GLOBAL = 1;

/**
 * readElf: the sections and global functions of a little-endian 64-bit ELF file (System V ABI, chapter 4).
 * Throws REZ_ERR_BPF_OBJECT.
 */
export function readElf(bytes: Uint8Array): { sections: ElfSection[]; functions: ElfFunction[] } {
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (file.getUint32(0) !== 0x7f454c46 || file.getUint16(4) !== 0x0201) throw new RangeError('no ELF64 LE');
    return parse(file);
  } catch (cause) {
    throw new RezolusError('REZ_ERR_BPF_OBJECT', 'not a BPF object file', { cause });
  }
}

function parse(file: DataView): { sections: ElfSection[]; functions: ElfFunction[] } {
  const tableOffset = Number(file.getBigUint64(0x28, true));
  const entrySize = file.getUint16(0x3a, true);
  const headers = Array.from({ length: file.getUint16(0x3c, true) }, (_, index) => {
    const at = tableOffset + index * entrySize;
    const type = file.getUint32(at + 4, true);
    const offset = Number(file.getBigUint64(at + 24, true));
    const size = type === SHT_NOBITS ? 0 : Number(file.getBigUint64(at + 32, true));
    return {
      nameAt: file.getUint32(at, true),
      type,
      link: file.getUint32(at + 40, true),
      data: new DataView(file.buffer, file.byteOffset + offset, size),
    };
  });
  const names = headers[file.getUint16(0x3e, true)]!.data;
  const sections = headers.map(({ nameAt, data }) => ({ name: readString(names, nameAt), data }));
  const functions = headers
    .filter(({ type }) => type === SHT_SYMTAB)
    .flatMap(({ data, link }) => readFunctions(data, headers[link]!.data, sections));
  return { sections, functions };
}

function readFunctions(symbols: DataView, names: DataView, sections: readonly ElfSection[]): ElfFunction[] {
  const functions: ElfFunction[] = [];
  for (let at = 0; at + 24 <= symbols.byteLength; at += 24) {
    const info = symbols.getUint8(at + 4);
    if ((info & 15) !== STT_FUNC || info >> 4 !== STB_GLOBAL) continue;
    functions.push({
      name: readString(names, symbols.getUint32(at, true)),
      section: sections[symbols.getUint16(at + 6, true)]!.name,
      size: Number(symbols.getBigUint64(at + 16, true)),
    });
  }
  return functions;
}

/** readString: the NUL-terminated string at `offset` of a string table. */
export function readString(table: DataView, offset: number): string {
  let end = offset;
  while (table.getUint8(end) !== 0) end++;
  return new TextDecoder().decode(new Uint8Array(table.buffer, table.byteOffset + offset, end - offset));
}
