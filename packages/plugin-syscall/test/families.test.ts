import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { families, familyTable, neverReturns } from '../src/families.ts';

/** Numbers of this machine's system calls by name, as the C library's header has them. */
function numbers(names: readonly string[]): Record<string, number> {
  const source = `#include <sys/syscall.h>\n${names.map((name) => `${name}=SYS_${name}`).join('\n')}`;
  const output = execFileSync('cc', ['-E', '-P', '-'], { input: source, encoding: 'utf8' });
  return Object.fromEntries(
    [...output.matchAll(/^(\w+)=(\d+)$/gm)].map(([, name, id]) => [name, Number(id)]),
  );
}

describe('familyTable', () => {
  it('puts system calls of this machine into the families of the reference', () => {
    const expected = {
      read: 'read',
      pwrite64: 'write',
      ppoll: 'poll',
      futex: 'lock',
      clock_gettime: 'time',
      nanosleep: 'sleep',
      accept4: 'socket',
      sched_yield: 'yield',
      openat: 'filesystem',
      mmap: 'memory',
      execve: 'process',
      getppid: 'query',
      pipe2: 'ipc',
      timerfd_settime: 'timer',
      io_uring_enter: 'event',
      ioctl: 'other',
    } as const;
    const table = familyTable();
    const ids = numbers(Object.keys(expected));
    expect(Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, families[table[id]!]]))).toEqual(
      expected,
    );
  });

  it('marks the calls that never return', () => {
    const table = familyTable();
    const ids = Object.values(numbers(['exit', 'exit_group']));
    expect([...table.keys()].filter((id) => table[id]! & neverReturns)).toEqual(ids);
    for (const id of ids) expect(families[table[id]! & ~neverReturns]).toBe('process');
  });

  it('knows no call of an unknown architecture', () => {
    expect(familyTable('pdp11').every((slot) => slot === 0)).toBe(true);
  });
});
