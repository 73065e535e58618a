import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type BtfMember, readBtf } from '../src/btf.ts';
import { compile } from '../src/compile.ts';
import { describeObject } from '../src/describe.ts';
import { readElf } from '../src/elf.ts';
import { findSources } from '../src/source.ts';
import { libbpfFixtures, TemporaryPackage, toolchainHere } from './workspace.ts';

const path = join(libbpfFixtures, 'bpf/sample.bpf.o');
const object = readFileSync(path);
const btfOf = (bytes: Uint8Array) =>
  readBtf(readElf(bytes).sections.find(({ name }) => name === '.BTF')!.data);

describe('describeObject', () => {
  const spec = describeObject(object);

  it('names programs by their sections', () => {
    expect(spec.programs.tasks).toEqual({ section: 'iter/task' });
    expect(Object.keys(spec.programs)).toHaveLength(8);
  });

  it('lays structs out as the C ABI does', () => {
    // struct bank of sample.bpf.c, by hand: two u64, four, 2 x 3, two cells of 8, a union of 8, one byte.
    expect(spec.structs.bank).toEqual({
      size: 128,
      fields: {
        'calls.enters': { offset: 0, size: 8, count: 1 },
        'calls.getppid': { offset: 8, size: 8, count: 1 },
        classes: { offset: 16, size: 8, count: 4 },
        grid: { offset: 48, size: 8, count: 6, dims: [2, 3] },
        cells: { offset: 96, size: 8, count: 2, struct: 'cell' },
        whole: { offset: 112, size: 8, count: 1 },
        half: { offset: 112, size: 4, count: 1 },
        odd: { offset: 120, size: 1, count: 1 },
      },
    });
    expect(spec.structs.cell!.fields.second).toEqual({ offset: 4, size: 4, count: 1, signed: true });
  });

  it('places variables where the section has them', () => {
    const { answer, classes } = spec.variables;
    expect(answer).toMatchObject({ map: '.rodata', size: 8 });
    expect(classes).toMatchObject({ map: '.rodata', size: 512 });
    const rodata = readElf(object).sections.find(({ name }) => name === '.rodata')!.data;
    // `counting` is the only variable that does not begin as zeros.
    expect(rodata.getUint8(spec.variables.counting!.offset)).toBe(1);
    expect(new Uint8Array(rodata.buffer, rodata.byteOffset, rodata.byteLength).reduce((a, b) => a + b)).toBe(
      1,
    );
  });

  it.each([
    ['a bit field', 'struct value { __u32 low : 4; };', /value\.low is a bit field/],
    [
      'an array of nameless structs',
      'struct value { struct { __u32 x; } list[2]; };',
      /value\.list is an array/,
    ],
  ])('refuses %s', (_, struct, message) => {
    const toolchain = toolchainHere();
    if (toolchain === undefined) return;
    using plugin = new TemporaryPackage({
      'bpf/odd.bpf.c': `typedef unsigned int __u32;
${struct}
struct { int (*type)[2]; int (*max_entries)[1]; __u32 *key; struct value *value; }
	odd __attribute__((section(".maps"), used));
`,
    });
    const [source] = findSources([plugin.folder]);
    expect(() => compile(source!, toolchain)).toThrow(message);
  });

  it('refuses what is not an object, wherever it is cut', () => {
    const refused = expect.objectContaining({ code: 'REZ_ERR_BPF_OBJECT' });
    expect(() => describeObject(new Uint8Array(0))).toThrow(refused);
    expect(() => describeObject(Buffer.from('not an object file at all'))).toThrow(refused);
    for (let length = 0; length < object.length - 64; length += 97) {
      expect(() => describeObject(object.subarray(0, length))).toThrow(refused);
    }
  });
});

const bpftool = spawnSync('bpftool', ['version']).status === 0;

describe.skipIf(!bpftool)('readBtf', () => {
  it('reads what bpftool reads', () => {
    const dump = execFileSync('bpftool', ['btf', 'dump', 'file', path, '-j'], { encoding: 'utf8' });
    const expected: { kind: string; name: string; size?: number; members?: object[]; vars?: object[] }[] =
      JSON.parse(dump).types;
    const types = btfOf(object);
    expect(types.length - 1).toBe(expected.length);
    for (const [index, type] of types.slice(1).entries()) {
      const other = expected[index]!;
      expect(type.name).toBe(other.name === '(anon)' ? '' : other.name);
      if (type.kind === 'struct' || type.kind === 'union') {
        expect(type.size).toBe(other.size);
        expect(type.members.map(memberAsBpftool)).toEqual(other.members);
      }
      if (type.kind === 'section') {
        expect(type.members.map(({ type: id, offset }) => ({ type_id: id, offset }))).toMatchObject(
          other.vars!.map(({ type_id, offset }: { type_id?: number; offset?: number }) => ({
            type_id,
            offset,
          })),
        );
      }
      if (type.kind === 'array') expect(other).toMatchObject({ type_id: type.type, nr_elems: type.count });
    }
  });
});

function memberAsBpftool({ name, type, offset }: BtfMember) {
  return { name: name === '' ? '(anon)' : name, type_id: type, bits_offset: offset * 8 };
}
