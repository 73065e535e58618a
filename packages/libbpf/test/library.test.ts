import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnsupportedError } from '@rezolus/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ioctl, ioctlAsync, SharedLibrary } from '../src/index.ts';

const source = `
#include <pthread.h>
#include <unistd.h>
int answer(unsigned index, unsigned long long *out) { *out = 1ull << 63 | index; return 0; }
const char *text(int code) { return code ? "not supported" : "success"; }
int add_slowly(void *memory, int milliseconds) { usleep(milliseconds * 1000); return ++*(int *)memory; }
unsigned long thread(void) { return (unsigned long)pthread_self(); }
`;

describe('SharedLibrary', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rezolus-library-'));
  const path = join(folder, 'libfake.so.1');
  beforeAll(() => {
    writeFileSync(`${path}.c`, source);
    execFileSync('cc', ['-shared', '-fPIC', '-o', path, `${path}.c`]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('loads the first that there is, and says what is missing where there is none', () => {
    using library = SharedLibrary.open([join(folder, 'libnone.so'), path], 'a test');
    expect(library.name).toBe(path);
    expect(() => SharedLibrary.open(['libnone.so.7'], 'figures of nobody')).toThrow(
      'libnone.so.7 (figures of nobody) is not installed or cannot be loaded',
    );
    expect(() => SharedLibrary.open(['libnone.so.7'], '')).toThrow(UnsupportedError);
  });

  it('calls functions by their prototypes; memory is written in place', () => {
    using library = SharedLibrary.open([path], 'a test');
    const out = new BigUint64Array(1);
    const answer = library.find('int answer(unsigned int index, void *out)')!;
    expect(answer(5, out)).toBe(0);
    expect(out[0]).toBe(0x8000_0000_0000_0005n);
    expect(library.find<string>('const char *text(int code)')!(3)).toBe('not supported');
    expect(library.find('int no_such_function(void)')).toBeUndefined();
    expect(() => library.find('what is this')).toThrow();
  });

  it('calls on another thread, and keeps the memory until the end', async () => {
    using library = SharedLibrary.open([path], 'a test');
    const add = library.find('int add_slowly(void *memory, int milliseconds)')!;
    const results = await Promise.all(Array.from({ length: 8 }, (_, i) => add.async(Int32Array.of(i), 20)));
    expect(results).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const thread = library.find<number | bigint>('unsigned long thread(void)')!;
    expect(await thread.async()).not.toBe(thread());
  });
});

describe('ioctlAsync', () => {
  const FIONREAD = 0x541b;

  it('answers as ioctl does, from another thread', async () => {
    const { readable, writable, close } = pipe();
    try {
      writeSync(writable, 'twelve bytes');
      const [now, later] = [new Uint8Array(4), new Uint8Array(4)];
      expect(ioctl(readable, FIONREAD, now)).toBe(0);
      expect(await ioctlAsync(readable, FIONREAD, later)).toBe(0);
      expect(Buffer.from(later).readInt32LE()).toBe(12);
      expect(later).toEqual(now);
    } finally {
      close();
    }
    expect(await ioctlAsync(-1, FIONREAD, new Uint8Array(4))).toBe(-1);
    expect(ioctl(-1, FIONREAD, new Uint8Array(4))).toBe(-9);
  });
});

function pipe() {
  const name = join(tmpdir(), `rezolus-fifo-${process.pid}`);
  execFileSync('mkfifo', [name]);
  // Both ways in one, so that opening does not wait for another process.
  const fd = openSync(name, 'r+');
  rmSync(name);
  return { readable: fd, writable: fd, close: () => closeSync(fd) };
}
