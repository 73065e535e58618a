import { RezolusError } from '@rezolus/core';
import { readString } from './elf.ts';

/** BtfMember: a member of a struct or union, or a variable of a section. */
export interface BtfMember {
  readonly name: string;
  readonly type: number;
  /** Bytes from the start. */
  readonly offset: number;
  /** Width in bits of a bit field, else 0. */
  readonly bits: number;
}

/** BtfType: one type of BTF (the kernel's Documentation/bpf/btf.rst); kinds that bindings do not need are `other`. */
export type BtfType =
  | { readonly kind: 'int'; readonly name: string; readonly size: number; readonly signed: boolean }
  | {
      readonly kind: 'enum' | 'float';
      readonly name: string;
      readonly size: number;
      readonly signed: boolean;
    }
  | { readonly kind: 'pointer'; readonly name: string; readonly type: number }
  | { readonly kind: 'array'; readonly name: string; readonly type: number; readonly count: number }
  | {
      readonly kind: 'struct' | 'union' | 'section';
      readonly name: string;
      readonly size: number;
      readonly members: readonly BtfMember[];
    }
  /** typedef, volatile, const, restrict, type tag and variable: another name or colour of `type`. */
  | { readonly kind: 'alias'; readonly name: string; readonly type: number }
  | { readonly kind: 'other'; readonly name: string };

const kinds = [
  ...['other', 'int', 'pointer', 'array', 'struct', 'union', 'enum', 'other', 'alias', 'alias', 'alias'],
  ...['alias', 'other', 'other', 'alias', 'section', 'float', 'other', 'alias', 'enum'],
] as const;
/** Bytes that follow the 12 of every type: fixed and per entry, by kind number. */
const fixedBytes = [0, 4, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 4, 0, 0];
const entryBytes = [0, 0, 0, 0, 12, 12, 8, 0, 0, 0, 0, 0, 0, 8, 0, 12, 0, 0, 0, 12];

/** readBtf: the types of a `.BTF` section by their id; id 0 is `void`. Throws REZ_ERR_BPF_OBJECT. */
export function readBtf(section: DataView): BtfType[] {
  try {
    if (section.getUint16(0, true) !== 0xeb9f) throw new RangeError('no BTF magic');
    const [headerSize, typesAt, typesSize, stringsAt, stringsSize] = [4, 8, 12, 16, 20].map((at) =>
      section.getUint32(at, true),
    ) as [number, number, number, number, number];
    return readTypes(
      new DataView(section.buffer, section.byteOffset + headerSize + typesAt, typesSize),
      new DataView(section.buffer, section.byteOffset + headerSize + stringsAt, stringsSize),
    );
  } catch (cause) {
    throw new RezolusError('REZ_ERR_BPF_OBJECT', 'not a valid .BTF section', { cause });
  }
}

function readTypes(data: DataView, strings: DataView): BtfType[] {
  const types: BtfType[] = [{ kind: 'other', name: 'void' }];
  let at = 0;
  while (at < data.byteLength) {
    const info = data.getUint32(at + 4, true);
    const number = (info >> 24) & 31;
    if (number >= kinds.length) throw new RangeError(`BTF kind ${number}`);
    types.push(readType(data, at, number, info, strings));
    at += 12 + fixedBytes[number]! + entryBytes[number]! * (info & 0xffff);
  }
  return types;
}

function readType(data: DataView, at: number, number: number, info: number, strings: DataView): BtfType {
  const kind = kinds[number]!;
  const name = readString(strings, data.getUint32(at, true));
  const sizeOrType = data.getUint32(at + 8, true);
  const flag = info >>> 31 === 1;
  switch (kind) {
    case 'int':
      return { kind, name, size: sizeOrType, signed: ((data.getUint32(at + 12, true) >> 24) & 1) === 1 };
    case 'enum':
    case 'float':
      return { kind, name, size: sizeOrType, signed: flag };
    case 'pointer':
    case 'alias':
      return { kind, name, type: sizeOrType };
    case 'array':
      return { kind, name, type: data.getUint32(at + 12, true), count: data.getUint32(at + 20, true) };
    case 'struct':
    case 'union':
      return { kind, name, size: sizeOrType, members: readMembers(data, at, info, flag, strings) };
    case 'section':
      return { kind, name, size: sizeOrType, members: readVariables(data, at, info) };
    default:
      return { kind, name };
  }
}

function readMembers(data: DataView, at: number, info: number, flag: boolean, strings: DataView) {
  return Array.from({ length: info & 0xffff }, (_, index): BtfMember => {
    const entry = at + 12 + index * 12;
    const word = data.getUint32(entry + 8, true);
    return {
      name: readString(strings, data.getUint32(entry, true)),
      type: data.getUint32(entry + 4, true),
      offset: (flag ? word & 0xffffff : word) / 8,
      bits: flag ? word >>> 24 : 0,
    };
  });
}

function readVariables(data: DataView, at: number, info: number) {
  return Array.from({ length: info & 0xffff }, (_, index): BtfMember => {
    const entry = at + 12 + index * 12;
    // The name is the variable's own: see BtfTypes.resolve.
    return {
      name: '',
      type: data.getUint32(entry, true),
      offset: data.getUint32(entry + 4, true),
      bits: 0,
    };
  });
}
