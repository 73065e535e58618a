import { UnsupportedError } from '@rezolus/core';
import { describe, expect, it } from 'vitest';
import { attachError, loadError, usefulLines } from '../src/verdict.ts';

const refused = [
  "libbpf: prog 'unchecked': BPF program load failed: Permission denied",
  [
    "libbpf: prog 'unchecked': -- BEGIN PROG LOAD LOG --",
    ...Array.from({ length: 40 }, (_, i) => `${i}: (bf) r0 = r1`),
    "R0 invalid mem access 'map_value_or_null'",
    'processed 9 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0',
    '-- END PROG LOAD LOG --',
  ].join('\n'),
  "libbpf: failed to load object 'rejected'",
];

describe('usefulLines', () => {
  it('keeps the end of the verifier log, without its statistics', () => {
    const lines = usefulLines(refused).split('\n');
    expect(lines).toHaveLength(20);
    expect(lines.at(-1)).toBe("R0 invalid mem access 'map_value_or_null'");
  });

  it('keeps what libbpf said where there is no log', () => {
    expect(usefulLines(['libbpf: one', 'libbpf: two'])).toBe('one\ntwo');
  });
});

describe('loadError', () => {
  it('names the program and carries the log as its cause', () => {
    const error = loadError('rejected', 13, refused);
    expect(error.code).toBe('REZ_ERR_BPF_LOAD');
    expect(error.message).toContain('program unchecked of BPF object rejected');
    expect((error.cause as Error).message).toContain('invalid mem access');
  });

  it('tells missing rights and missing kernel features apart', () => {
    expect(loadError('x', 1, refused).code).toBe('REZ_ERR_BPF_PERMISSION');
    expect(loadError('x', 3, ['failed to find valid kernel BTF'])).toMatchObject({
      name: 'UnsupportedError',
      code: 'REZ_ERR_BPF_UNSUPPORTED',
    });
    expect(loadError('x', 2, [])).not.toBeInstanceOf(UnsupportedError);
  });

  it('shows what nobody has probed for as refused by the verifier', () => {
    const error = loadError('x', 22, ['1: <invalid CO-RE relocation>']);
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error.code).toBe('REZ_ERR_BPF_LOAD');
  });
});

describe('attachError', () => {
  it.each([
    [2, 'REZ_ERR_BPF_UNSUPPORTED'],
    [3, 'REZ_ERR_BPF_UNSUPPORTED'],
    [524, 'REZ_ERR_BPF_UNSUPPORTED'],
    [1, 'REZ_ERR_BPF_PERMISSION'],
    [13, 'REZ_ERR_BPF_PERMISSION'],
    [22, 'REZ_ERR_BPF_ATTACH'],
  ])('errno %d is %s', (errno, code) => {
    expect(attachError('program', 'raw_tp/x', errno, []).code).toBe(code);
  });
});
