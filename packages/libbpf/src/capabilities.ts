import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { RezolusError } from '@rezolus/core';
import { errorText } from './verdict.ts';

/** capability: numbers of capabilities(7), those that samplers may need. */
export const capability = {
  CAP_DAC_READ_SEARCH: 2,
  CAP_KILL: 5,
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_SYS_RAWIO: 17,
  CAP_SYS_ADMIN: 21,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;

/** Capability: the name of one of {@link capability}. */
export type Capability = keyof typeof capability;

// include/uapi/linux/{prctl,capability}.h; the numbers are those of all architectures.
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const CAPABILITY_VERSION_3 = 0x2008_0522;
const lastCapability = 63;
/** How long a thread of the pool is kept busy, so that the others come to their turn. */
const turnUs = 2000;
const maxRounds = 50;

function bind() {
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  const libc = koffi.load(null);
  return {
    koffi,
    // Variadic in C, of numbers only; with all five it is the same call on x86-64 and arm64.
    prctl: libc.func('int prctl(int option, ulong two, ulong three, ulong four, ulong five)'),
    capset: libc.func('int capset(const void *header, const void *data)'),
    usleep: libc.func('int usleep(uint32_t microseconds)'),
  };
}

let bound: ReturnType<typeof bind> | undefined;

/** Sets of the main thread since {@link keepCapabilities}; null = it never was called. */
let held: { readonly permitted: bigint; effective: bigint } | null = null;

/** KeptCapabilities: what a process keeps: `effective` all the time, `permitted` to be raised. */
export interface KeptCapabilities {
  readonly effective: readonly Capability[];
  readonly permitted: readonly Capability[];
}

/**
 * keepCapabilities: gives up all capabilities but these, of which a process may have fewer, on the main thread and the
 * thread pool; children inherit none unless they are root, and then no more than these. Threads of Node that run no code
 * of ours keep what they have: capabilities belong to threads. Returns the names of those that are left. Throws
 * REZ_ERR_PRIVILEGES.
 */
export async function keepCapabilities(keep: KeptCapabilities): Promise<Capability[]> {
  bound ??= bind();
  const had = setOf('/proc/thread-self', 'CapPrm');
  const permitted = had & bitsOf([...keep.effective, ...keep.permitted]);
  const effective = had & bitsOf(keep.effective);
  call('prctl', PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  // Only who has CAP_SETPCAP may; the others have a bounding set that somebody chose.
  for (let number = 0; number <= lastCapability; number++) {
    if (!((permitted >> BigInt(number)) & 1n)) bound.prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
  }
  call('prctl', PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const isDone = (thread: string) =>
    setOf(thread, 'CapPrm') === permitted && setOf(thread, 'CapEff') === effective;
  for (let round = 0; !poolThreads().every(isDone); round++) {
    if (round === maxRounds) throw failure('the thread pool kept capabilities');
    await inThePool(permitted, effective);
  }
  call('capset', header(), sets(permitted, effective));
  held = { permitted, effective };
  return namesOf(permitted);
}

/** raiseCapabilities: makes all that the process kept effective on the main thread, until disposed. */
export function raiseCapabilities(): Disposable {
  if (held === null) return { [Symbol.dispose]() {} };
  const before = held.effective;
  setEffective(held.permitted);
  return { [Symbol.dispose]: () => setEffective(before) };
}

function setEffective(effective: bigint): void {
  if (held === null || held.effective === effective) return;
  call('capset', header(), sets(held.permitted, effective));
  held.effective = effective;
}

/** isPermitted: whether this process has a capability, in force or to be raised. */
export function isPermitted(name: Capability): boolean {
  return (setOf('/proc/thread-self', 'CapPrm') & bitsOf([name])) !== 0n;
}

/** Each thread that has set its capabilities is kept busy while the others do. */
async function inThePool(permitted: bigint, effective: bigint): Promise<void> {
  const { capset, usleep } = bound!;
  const run = (fn: typeof capset, ...values: unknown[]) =>
    new Promise<void>((resolve) => {
      fn.async(...values, () => resolve());
    });
  const data = sets(permitted, effective);
  const turns = poolThreads().flatMap(() => [run(capset, header(), data), run(usleep, turnUs)]);
  await Promise.all(turns);
}

/** poolThreads: folders in /proc of the threads that run file operations and the like. */
function poolThreads(): string[] {
  const threads = readdirSync('/proc/self/task').map((thread) => `/proc/self/task/${thread}`);
  return threads.filter((thread) => readFileSync(`${thread}/comm`, 'utf8').startsWith('libuv-worker'));
}

function setOf(thread: string, set: 'CapPrm' | 'CapEff'): bigint {
  const status = readFileSync(`${thread}/status`, 'utf8');
  return BigInt(`0x${new RegExp(`^${set}:\\s*([0-9a-f]+)$`, 'm').exec(status)![1]}`);
}

function bitsOf(capabilities: readonly Capability[]): bigint {
  return capabilities.reduce((bits, name) => bits | (1n << BigInt(capability[name])), 0n);
}

function namesOf(bits: bigint): Capability[] {
  const names = Object.keys(capability) as Capability[];
  return names.filter((name) => (bits >> BigInt(capability[name])) & 1n);
}

function header(): Uint32Array {
  return new Uint32Array([CAPABILITY_VERSION_3, 0]);
}

/** sets: struct __user_cap_data_struct { u32 effective, permitted, inheritable; } [2]; nothing is inheritable. */
function sets(permitted: bigint, effective: bigint): Uint32Array {
  const half = (bits: bigint, shift: bigint) => Number((bits >> shift) & 0xffff_ffffn);
  const of = (shift: bigint) => [half(effective, shift), half(permitted, shift), 0];
  return new Uint32Array([...of(0n), ...of(32n)]);
}

function call(name: 'prctl' | 'capset', ...values: (number | NodeJS.TypedArray)[]): void {
  if (bound![name](...values) === 0) return;
  throw failure(`${name}: ${errorText(bound!.koffi.errno())}`);
}

function failure(reason: string): RezolusError {
  return new RezolusError('REZ_ERR_PRIVILEGES', `privileges cannot be given up: ${reason}`);
}
