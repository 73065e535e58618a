import type { FieldSpec, StructSpec } from '@rezolus/core';
import { RezolusError } from '@rezolus/core';
import type { BtfMember, BtfType } from './btf.ts';

type Compound = Extract<BtfType, { members: unknown }>;

/** Resolved: a type without its aliases and array dimensions, and the typedef that names it. */
export interface Resolved {
  readonly type: BtfType;
  readonly name: string;
  readonly dims: readonly number[];
}

/** Layouts: computes struct layouts from BTF and keeps those that were asked for, with all they refer to. */
export class Layouts {
  readonly structs: Record<string, StructSpec> = {};
  readonly #types: readonly BtfType[];

  constructor(types: readonly BtfType[]) {
    this.#types = types;
  }

  /** resolve: the type `id` without typedefs, qualifiers and array dimensions. */
  resolve(id: number): Resolved {
    const dims: number[] = [];
    let type = this.#types[id]!;
    let name = '';
    while (type.kind === 'alias' || type.kind === 'array') {
      if (type.kind === 'array') dims.push(type.count);
      else name ||= type.name;
      type = this.#types[type.type]!;
    }
    return { type, name: type.name || name, dims };
  }

  /** sizeOf: bytes of the type `id`. */
  sizeOf(id: number): number {
    const { type, dims } = this.resolve(id);
    return elementSize(type) * product(dims);
  }

  /** nameOf: the name of the variable or the type `id` itself. */
  nameOf(id: number): string {
    return this.#types[id]!.name;
  }

  /**
   * add: lays out the struct, union or section `type` as `name`, and the structs that its arrays are made of.
   * Throws REZ_ERR_BPF_OBJECT where a field cannot be read in place (bit fields, arrays of nameless structs).
   */
  add(name: string, type: Compound): void {
    if (name in this.structs) return;
    const fields: Record<string, FieldSpec> = {};
    this.structs[name] = { size: type.size, fields };
    this.#flatten(name, type, '', 0, fields);
  }

  #flatten(struct: string, type: Compound, prefix: string, base: number, fields: Record<string, FieldSpec>) {
    for (const member of type.members) {
      const name = prefix + (type.kind === 'section' ? this.nameOf(member.type) : member.name);
      const field = this.resolve(member.type);
      if (member.bits !== 0) throw unreadable(struct, name, 'is a bit field');
      const offset = base + member.offset;
      if (isCompound(field.type) && field.dims.length === 0) {
        this.#flatten(struct, field.type, member.name === '' ? name : `${name}.`, offset, fields);
      } else {
        fields[name] = this.#field(struct, name, offset, field);
      }
    }
  }

  #field(struct: string, name: string, offset: number, { type, name: typeName, dims }: Resolved): FieldSpec {
    if (isCompound(type)) {
      if (typeName === '') throw unreadable(struct, name, 'is an array of a struct without a name');
      this.add(typeName, type);
    }
    return {
      offset,
      size: elementSize(type),
      count: product(dims),
      ...(dims.length > 1 ? { dims } : {}),
      ...('signed' in type && type.signed ? { signed: true } : {}),
      ...(isCompound(type) ? { struct: typeName } : {}),
    };
  }
}

/** isCompound: whether the type has members. */
export function isCompound(type: BtfType): type is Compound {
  return 'members' in type;
}

/** memberNamed: the member of that name. */
export function memberNamed(type: Compound, name: string): BtfMember | undefined {
  return type.members.find((member) => member.name === name);
}

function elementSize(type: BtfType): number {
  if ('size' in type) return type.size;
  return type.kind === 'pointer' ? 8 : 0;
}

function product(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all * number, 1);
}

function unreadable(struct: string, field: string, why: string): RezolusError {
  return new RezolusError('REZ_ERR_BPF_OBJECT', `${struct}.${field} ${why}: it cannot be read in place`);
}
