import { closeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { RezolusError } from '@rezolus/core';
import { errorText } from './verdict.ts';

/** IoctlPointer: a pointer inside of an argument: the address of `target` is written `offset` bytes into it. */
export interface IoctlPointer {
  readonly offset: number;
  readonly target: Uint8Array;
}

const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;

function bind() {
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  const libc = koffi.load(null);
  return {
    koffi,
    // Variadic in C; with one pointer the call is the same on x86-64 and arm64.
    ioctl: libc.func('int ioctl(int fd, unsigned long request, void *argument)'),
    socket: libc.func('int socket(int domain, int type, int protocol)'),
  };
}

let bound: ReturnType<typeof bind> | undefined;

/**
 * ioctl: calls ioctl(2) with `argument` in memory that the kernel reads and writes in place. Returns its result, or a
 * negated errno. The caller sees to it that `argument` and all targets are as long as the kernel takes them to be.
 */
export function ioctl(
  fd: number,
  request: number,
  argument: Uint8Array,
  pointers: readonly IoctlPointer[] = [],
): number {
  bound ??= bind();
  const { koffi } = bound;
  storePointers(koffi, argument, pointers);
  const result: number = bound.ioctl(fd, request, argument);
  return result < 0 ? -koffi.errno() : result;
}

/**
 * ioctlAsync: as {@link ioctl}, but on the thread pool, for a device that takes its time. Its result is -1 for any
 * failure: errno belongs to the thread that called.
 */
export function ioctlAsync(
  fd: number,
  request: number,
  argument: Uint8Array,
  pointers: readonly IoctlPointer[] = [],
): Promise<number> {
  bound ??= bind();
  const { koffi, ioctl } = bound;
  storePointers(koffi, argument, pointers);
  return new Promise((resolve, reject) => {
    ioctl.async(fd, request, argument, (error: unknown, result: number) => {
      // Naming both here keeps their memory alive for as long as the call runs.
      void [argument, pointers];
      if (error) reject(error);
      else resolve(result);
    });
  });
}

function storePointers(
  koffi: typeof import('koffi'),
  argument: Uint8Array,
  pointers: readonly IoctlPointer[],
): void {
  const view = new DataView(argument.buffer, argument.byteOffset, argument.byteLength);
  // The `buffer` of a short array does not exist before it is asked for: until then the bytes may move.
  for (const { offset, target } of pointers) {
    if (target.buffer.byteLength > 0) view.setBigUint64(offset, koffi.address(target), true);
  }
}

/** controlSocket: a socket to ask the kernel about network interfaces with. Throws REZ_ERR_SAMPLER_START. */
export function controlSocket(): Disposable & { readonly fd: number } {
  bound ??= bind();
  const fd: number = bound.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    const reason = errorText(bound.koffi.errno());
    throw new RezolusError('REZ_ERR_SAMPLER_START', `no socket to be had: ${reason}`);
  }
  return { fd, [Symbol.dispose]: () => closeSync(fd) };
}
