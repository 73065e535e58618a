import type { BpfObjectSpec, MapSpec, ProgramSpec, VariableSpec } from '@rezolus/core';
import { RezolusError } from '@rezolus/core';
import { type BtfType, readBtf } from './btf.ts';
import { readElf } from './elf.ts';
import { isCompound, Layouts, memberNamed } from './layout.ts';

/** ObjectDescription: what a BPF object file says of itself, and the number of instructions of each program. */
export interface ObjectDescription extends Omit<BpfObjectSpec, 'name' | 'object'> {
  readonly instructions: Readonly<Record<string, number>>;
}

/** Names of `enum bpf_map_type` of include/uapi/linux/bpf.h by number, as bpftool prints them. */
const mapTypes = [
  ...['unspec', 'hash', 'array', 'prog_array', 'perf_event_array', 'percpu_hash', 'percpu_array'],
  ...['stack_trace', 'cgroup_array', 'lru_hash', 'lru_percpu_hash', 'lpm_trie', 'array_of_maps'],
  ...['hash_of_maps', 'devmap', 'sockmap', 'cpumap', 'xskmap', 'sockhash', 'cgroup_storage'],
  ...['reuseport_sockarray', 'percpu_cgroup_storage', 'queue', 'stack', 'sk_storage', 'devmap_hash'],
  ...['struct_ops', 'ringbuf', 'inode_storage', 'task_storage', 'bloom_filter', 'user_ringbuf'],
  ...['cgrp_storage', 'arena'],
];
const BPF_F_MMAPABLE = 1 << 10;
const dataSection = /^\.(bss|data|rodata)(\.|$)/;

/** describeObject: reads programs, maps, struct layouts and variables from a linked object. Throws REZ_ERR_BPF_OBJECT. */
export function describeObject(object: Uint8Array): ObjectDescription {
  const { sections, functions } = readElf(object);
  const btf = sections.find(({ name }) => name === '.BTF');
  if (btf === undefined)
    throw new RezolusError('REZ_ERR_BPF_OBJECT', 'the object has no BTF: compile with -g');
  const types = readBtf(btf.data);
  const layouts = new Layouts(types);
  const maps: Record<string, MapSpec> = {};
  const variables: Record<string, VariableSpec> = {};
  for (const type of types) {
    if (type.kind !== 'section') continue;
    if (type.name === '.maps') Object.assign(maps, describeMaps(type, layouts));
    if (!dataSection.test(type.name)) continue;
    maps[type.name] = describeSection(type);
    layouts.add(type.name, type);
    if (!type.name.startsWith('.rodata')) continue;
    for (const { type: id, offset } of type.members) {
      variables[layouts.nameOf(id)] = { map: type.name, offset, size: layouts.sizeOf(id) };
    }
  }
  const programs: Record<string, ProgramSpec> = {};
  const instructions: Record<string, number> = {};
  for (const { name, section, size } of functions) {
    if (section === '.text') continue;
    programs[name] = { section: section.replace(/^\?/, '') };
    instructions[name] = size / 8;
  }
  return { programs, maps, structs: layouts.structs, variables, instructions };
}

type Section = Extract<BtfType, { members: unknown }>;

function describeSection(section: Section): MapSpec {
  return {
    type: 'array',
    keySize: 4,
    valueSize: section.size,
    maxEntries: 1,
    mmapable: true,
    value: section.name,
  };
}

function describeMaps(section: Section, layouts: Layouts): Record<string, MapSpec> {
  const maps: Record<string, MapSpec> = {};
  for (const { type: id } of section.members) {
    const { type } = layouts.resolve(id);
    if (isCompound(type)) maps[layouts.nameOf(id)] = describeMap(type, layouts);
  }
  return maps;
}

/** The definition is a struct of pointers: `__uint(x, n)` is a pointer to an array of n, `__type(x, t)` one to t. */
function describeMap(definition: Section, layouts: Layouts): MapSpec {
  const target = (name: string): number | undefined => {
    const member = memberNamed(definition, name);
    if (member === undefined) return undefined;
    const { type } = layouts.resolve(member.type);
    return type.kind === 'pointer' ? type.type : undefined;
  };
  const number = (name: string): number => {
    const id = target(name);
    return id === undefined ? 0 : layouts.resolve(id).dims[0]!;
  };
  const size = (name: string): number => {
    const id = target(name);
    return id === undefined ? number(`${name}_size`) : layouts.sizeOf(id);
  };
  const valueId = target('value');
  const value = valueId === undefined ? undefined : layouts.resolve(valueId);
  const struct = value !== undefined && isCompound(value.type) && value.dims.length === 0 ? value : undefined;
  if (struct !== undefined && isCompound(struct.type)) {
    if (struct.name === '')
      throw new RezolusError('REZ_ERR_BPF_OBJECT', 'the struct of a map value has no name');
    layouts.add(struct.name, struct.type);
  }
  return {
    type: mapTypes[number('type')] ?? String(number('type')),
    keySize: size('key'),
    valueSize: size('value'),
    maxEntries: number('max_entries'),
    mmapable: (number('map_flags') & BPF_F_MMAPABLE) !== 0,
    ...(struct === undefined ? {} : { value: struct.name }),
  };
}
