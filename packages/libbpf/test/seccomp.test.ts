import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const EPERM = 1;
const EINVAL = 22;
const calls: Readonly<Record<string, { bpf: number; perfEventOpen: number }>> = {
  x64: { bpf: 321, perfEventOpen: 298 },
  arm64: { bpf: 280, perfEventOpen: 241 },
};

/** Says with which errno system calls end, before and after the filter, on the main thread and on one of the pool. */
const script = (path: string, { bpf, perfEventOpen }: { bpf: number; perfEventOpen: number }) => `
import koffi from 'koffi';
import { stat } from 'node:fs/promises';
import { forbidKernelPrograms } from ${JSON.stringify(path)};
const libc = koffi.load(null);
const syscall = libc.func('long syscall(long number, long one, void *two, long three)');
const prctl = libc.func('int prctl(int option, ulong two, ulong three, ulong four, ulong five)');
const errno = (number, one, size = 8) => {
  koffi.errno(0);
  syscall(number, one, new Uint8Array(128), size);
  return koffi.errno();
};
await stat('/');
const before = { unknown: errno(${bpf}, 999), lookup: errno(${bpf}, 1, 32) };
prctl(38, 1, 0, 0, 0);
forbidKernelPrograms();
const pool = await new Promise((resolve) =>
  syscall.async(${bpf}, 999, new Uint8Array(128), 8, (_, result) => resolve(result)));
console.log(JSON.stringify({ before, after: {
  unknown: errno(${bpf}, 999), load: errno(${bpf}, 5), lookup: errno(${bpf}, 1, 32), event: errno(${perfEventOpen}, 0), pool,
} }));
`;

describe.skipIf(calls[process.arch] === undefined)('forbidKernelPrograms', () => {
  it('lets no thread load programs or open perf events, and reading be', () => {
    const path = fileURLToPath(new URL('../src/seccomp.ts', import.meta.url));
    const code = script(path, calls[process.arch]!);
    const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', code], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      encoding: 'utf8',
    });
    const { before, after } = JSON.parse(printed);
    // A kernel that lets root alone use BPF says EPERM before as well.
    if (process.geteuid!() === 0) expect(before).toEqual({ unknown: EINVAL, lookup: EINVAL });
    expect(after).toEqual({ unknown: EPERM, load: EPERM, lookup: before.lookup, event: EPERM, pool: -1 });
  });
});
