import { createRequire } from 'node:module';
import { RezolusError } from '@rezolus/core';
import { errorText } from './verdict.ts';

// include/uapi/linux/{filter,seccomp,audit}.h and the numbers of system calls of each architecture.
const LOAD_WORD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_AT_LEAST = 0x35;
const RETURN = 0x06;
const ALLOW = 0x7fff_0000;
const ERRNO_EPERM = 0x0005_0001;
const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_FILTER_FLAG_TSYNC = 1;
/** struct seccomp_data { int nr; u32 arch; u64 ip; u64 args[6]; } */
const offset = { number: 0, architecture: 4, firstArgument: 16 };
const calls: Readonly<
  Record<string, { audit: number; bpf: number; perfEventOpen: number; seccomp: number }>
> = {
  x64: { audit: 0xc000_003e, bpf: 321, perfEventOpen: 298, seccomp: 317 },
  arm64: { audit: 0xc000_00b7, bpf: 280, perfEventOpen: 241, seccomp: 277 },
};
/** From here on the x32 ABI of x86-64 counts the same calls again. */
const x32 = 0x4000_0000;
/** BPF_MAP_LOOKUP_ELEM, _UPDATE_ELEM, _GET_NEXT_KEY, BPF_OBJ_GET_INFO_BY_FD, BPF_ITER_CREATE: what reading takes. */
const readingCommands = [1, 2, 4, 15, 33];

/**
 * forbidKernelPrograms: from now on no thread of this process can load or attach BPF programs or open perf events,
 * whatever capabilities it has; what is open can still be read. Needs PR_SET_NO_NEW_PRIVS. Throws REZ_ERR_PRIVILEGES.
 */
export function forbidKernelPrograms(): void {
  const known = calls[process.arch];
  if (known === undefined) throw new RezolusError('REZ_ERR_PRIVILEGES', `no filter for ${process.arch}`);
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  // Variadic in C, of integers and pointers only.
  const syscall = koffi
    .load(null)
    .func('long syscall(long number, long operation, long flags, const void *program)');
  const filter = encode(program(known));
  // struct sock_fprog { u16 len; struct sock_filter *filter; }
  const fprog = new DataView(new ArrayBuffer(16));
  fprog.setUint16(0, filter.length / 8, true);
  fprog.setBigUint64(8, koffi.address(filter), true);
  const argument = new Uint8Array(fprog.buffer);
  const result = syscall(known.seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, argument);
  if (Number(result) === 0) return;
  const why = Number(result) > 0 ? `thread ${result} has another filter` : errorText(koffi.errno());
  throw new RezolusError('REZ_ERR_PRIVILEGES', `system calls cannot be filtered: ${why}`);
}

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

function program({ audit, bpf, perfEventOpen }: (typeof calls)[string]): Instruction[] {
  const commands = readingCommands.length;
  // Jumps are counted from the next instruction; the last two are the verdicts: refused, allowed.
  const checks: Instruction[] = [
    [LOAD_WORD, 0, 0, offset.architecture],
    [JUMP_IF_EQUAL, 0, commands + 5, audit],
    [LOAD_WORD, 0, 0, offset.number],
    [JUMP_IF_AT_LEAST, commands + 3, 0, x32],
    [JUMP_IF_EQUAL, commands + 2, 0, perfEventOpen],
    [JUMP_IF_EQUAL, 0, commands + 2, bpf],
    [LOAD_WORD, 0, 0, offset.firstArgument],
    ...readingCommands.map((command, i): Instruction => [JUMP_IF_EQUAL, commands - i, 0, command]),
  ];
  return [...checks, [RETURN, 0, 0, ERRNO_EPERM], [RETURN, 0, 0, ALLOW]];
}

/** encode: struct sock_filter { u16 code; u8 jt; u8 jf; u32 k; } each. */
function encode(instructions: readonly Instruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(instructions.length * 8));
  for (const [i, [code, ifTrue, ifFalse, value]] of instructions.entries()) {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, ifTrue);
    view.setUint8(i * 8 + 3, ifFalse);
    view.setUint32(i * 8 + 4, value, true);
  }
  return new Uint8Array(view.buffer);
}
