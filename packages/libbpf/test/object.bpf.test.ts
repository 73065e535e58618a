import { readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { UnsupportedError } from '@rezolus/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { enableStats, LibbpfObject } from '../src/index.ts';
import { lacking } from './fixtures/src/gen/lacking.bpf.ts';
import { rejected } from './fixtures/src/gen/rejected.bpf.ts';
import { sample } from './fixtures/src/gen/sample.bpf.ts';

const cpus = readFileSync('/proc/cpuinfo', 'utf8').match(/^processor/gm)!.length;
const bank = sample.structs.bank.fields;

let object: LibbpfObject;
beforeEach(() => {
  object = LibbpfObject.open(sample);
});
afterEach(() => object[Symbol.dispose]());

function callGetppid(times: number): void {
  for (let i = 0; i < times; i++) void process.ppid;
}

function totalOf(field: { offset: number }, index = 0): bigint {
  const { u64, stride, entries } = object.map('banks');
  let total = 0n;
  for (let cpu = 0; cpu < entries; cpu++) total += u64[(cpu * stride + field.offset) / 8 + index]!;
  return total;
}

describe('LibbpfObject', () => {
  it.each(['sys_enter', 'sys_enter_raw'])('counts a known loop of system calls (%s)', (program) => {
    const classes = new Uint8Array(512);
    classes[110] = 3;
    object.configure({ watched_pid: process.pid, classes });
    object.resize('banks', cpus);
    object.load();
    object.attach(program);
    const before = totalOf(bank['calls.getppid']);
    callGetppid(12_345);
    expect(totalOf(bank['calls.getppid']) - before).toBe(12_345n);
    expect(totalOf(bank.classes, 3)).toBe(totalOf(bank['calls.getppid']));
    expect(totalOf(bank['calls.enters'])).toBeGreaterThanOrEqual(12_345n);
  });

  it('prunes by configuration', () => {
    object.configure({ watched_pid: process.pid, counting: false });
    object.resize('banks', cpus);
    object.load();
    object.attach('sys_enter');
    callGetppid(100);
    expect(totalOf(bank['calls.enters'])).toBe(0n);
  });

  it('leaves programs without a hook out and attaches the rest', () => {
    object.disable('sys_enter_raw');
    object.load();
    const names = ['sys_enter', 'sys_enter_raw', 'no_such_event', 'no_such_raw_event', 'no_such_tracepoint'];
    const statuses = object.attachAll(names);
    expect(statuses.map(({ name, attached, verdict }) => [name, attached, verdict])).toEqual([
      ['sys_enter', true, 'ok'],
      ['sys_enter_raw', false, 'not_applicable'],
      ['no_such_event', false, 'unsupported'],
      ['no_such_raw_event', false, 'unsupported'],
      ['no_such_tracepoint', false, 'unsupported'],
    ]);
    expect(statuses[2]).toMatchObject({ label: 'tp_btf/rezolus_no_such_event', expected: true });
    expect(statuses[2]!.error).toContain('does not offer tp_btf/rezolus_no_such_event');
    expect(() => object.attach('no_such_event')).toThrow(UnsupportedError);
  });

  it('treats kinds of hooks as missing that it is to do without, and loads the others', () => {
    using without = LibbpfObject.open(sample, { without: ['tp_btf'] });
    without.load();
    expect(without.attachAll(['sys_enter', 'sys_enter_raw'])).toMatchObject([
      { attached: false, verdict: 'unsupported', error: 'sys_enter: tp_btf/sys_enter is to be done without' },
      { attached: true, verdict: 'ok' },
    ]);
  });

  it('maps elements at the stride of the kernel, and runs a program by hand', () => {
    object.configure({ answer: 42n });
    object.load();
    expect(object.run('write_smalls')).toBe(42);
    const smalls = object.map('smalls');
    expect(smalls).toMatchObject({ stride: 16, entries: 4 });
    const parts = [0, 1, 2, 3].map((i) => smalls.u32[(i * smalls.stride) / 4 + 2]);
    expect(parts).toEqual([100, 101, 102, 103]);
    expect(object.map('.bss').u64[0]).toBe(1n);
    expect(object.map('.rodata').u64[sample.variables.answer.offset / 8]).toBe(42n);
    expect(object.map('smalls')).toBe(smalls);
  });

  it('lists the tasks that /proc lists', () => {
    object.load();
    const tasks = object.iterator('tasks');
    const read = () => {
      const output = Buffer.from(tasks.read());
      return Array.from({ length: output.length / 24 }, (_, i) => ({
        pid: output.readUInt32LE(i * 24),
        tgid: output.readUInt32LE(i * 24 + 4),
        comm: output.toString('latin1', i * 24 + 8, i * 24 + 24).replace(/\0.*$/s, ''),
      }));
    };
    const threads = read().filter(({ tgid }) => tgid === process.pid);
    expect(threads.map(({ pid }) => String(pid)).sort()).toEqual(readdirSync('/proc/self/task').sort());
    for (const { pid, comm } of threads) {
      expect(readFileSync(`/proc/self/task/${pid}/comm`, 'utf8').trimEnd()).toBe(comm);
    }
    expect(read().length).toBeGreaterThan(threads.length);
  });

  it('reads iterators whose output is larger than the buffer, without tearing', () => {
    object.load();
    const bytes = Uint8Array.from(object.iterator('wide_tasks').read());
    const words = new BigUint64Array(bytes.buffer);
    expect(bytes.length).toBeGreaterThan(32 * 1024);
    expect(bytes.length % (480 * 8)).toBe(0);
    for (let i = 0; i * 60 < words.length; i++) expect(words[i * 60 + 59]).toBe(BigInt(i % 8));
  });

  it('counts runs while statistics are enabled, and the memory of its maps', () => {
    object.load();
    using _ = enableStats();
    for (let i = 0; i < 7; i++) object.run('write_smalls');
    const info = object.programInfo().find(({ name }) => name === 'write_smalls')!;
    expect(info.runCount).toBe(7n);
    expect(info.runTimeNs).toBeGreaterThan(0n);
    expect(info.recursionMisses).toBe(0n);
    expect(object.mapBytes()).toBeGreaterThanOrEqual(3 * 4096);
  });

  it('is set up before the load and used after it', () => {
    expect(() => object.map('smalls')).toThrow(/load it first/);
    expect(() => object.run('write_smalls')).toThrow(/not loaded/);
    object.load();
    const tooLate = expect.objectContaining({ code: 'REZ_ERR_BPF_OBJECT' });
    expect(() => object.configure({ answer: 1 })).toThrow(tooLate);
    expect(() => object.resize('banks', 2)).toThrow(tooLate);
    expect(() => object.disable('tasks')).toThrow(tooLate);
    expect(() => object.load()).toThrow(tooLate);
  });

  it('says which name it does not know', () => {
    const { answer } = sample.variables;
    expect(() => object.configure({ question: 1 })).toThrow(/no variable question/);
    expect(() => object.resize('nowhere', 1)).toThrow(/no map nowhere/);
    expect(() => object.disable('nothing')).toThrow(/no program nothing/);
    using other = LibbpfObject.open({
      ...sample,
      variables: { answer: { ...answer, offset: 4096 } },
      maps: { ...sample.maps, smalls: { ...sample.maps.smalls, valueSize: 16 } },
    });
    expect(() => other.configure({ answer: 1 })).toThrow(/no room for variable answer/);
    other.load();
    expect(() => other.map('smalls')).toThrow(/values of 12 bytes in smalls, its bindings say 16/);
  });
});

describe('a refused object', () => {
  it('carries the end of the verifier log', () => {
    using refused = LibbpfObject.open(rejected);
    const error = caught(() => refused.load());
    expect(error).toMatchObject({ code: 'REZ_ERR_BPF_LOAD' });
    expect(error.message).toContain('program unchecked');
    expect((error.cause as Error).message).toMatch(/R0 invalid mem access 'map_value_or_null'/);
    expect((error.cause as Error).message).toContain('*count += 1');
  });

  it('is unsupported where the kernel lacks a field', () => {
    using future = LibbpfObject.open(lacking);
    const error = caught(() => future.load());
    expect(error).toBeInstanceOf(UnsupportedError);
    expect((error.cause as Error).message).toContain('rezolus_no_such_field');
  });

  it.each([
    ['a file that does not exist', '/nonexistent.bpf.o', /No such file/],
    ['a file that is not ELF', '/proc/version', /./],
    ['a folder', '/', /./],
  ])('cannot be opened from %s', (_, path, cause) => {
    const error = caught(() => LibbpfObject.open({ ...sample, object: pathToFileURL(path) }));
    expect(error).toMatchObject({ code: 'REZ_ERR_BPF_OBJECT' });
    expect((error.cause as Error).message).toMatch(cause);
  });
});

function caught(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
