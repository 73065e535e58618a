import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { RezolusError } from '@rezolus/core';
import { keepCapabilities } from './capabilities.ts';
import { forbidKernelPrograms } from './seccomp.ts';
import { errorText } from './verdict.ts';

// include/uapi/linux/{prctl,capability,resource}.h; the numbers are those of x86-64 and arm64.
const PR_SET_PDEATHSIG = 1;
const PR_SET_KEEPCAPS = 8;
const PR_SET_CHILD_SUBREAPER = 36;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_RAISE = 2;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const SIGKILL = 9;
const EPERM = 1;
const CAPABILITY_VERSION_3 = 0x2008_0522;
/** CAP_PERFMON and CAP_BPF. */
const attaching = (1n << 38n) | (1n << 39n);
const RLIMITS = { core: 4, processes: 6, files: 7, lockedMemory: 8 } as const;
const RLIM_INFINITY = 0xffff_ffff_ffff_ffffn;

function bind() {
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  const libc = koffi.load(null);
  return {
    koffi,
    // Variadic in C, of numbers only; with all five it is the same call on x86-64 and arm64.
    prctl: libc.func('int prctl(int option, ulong two, ulong three, ulong four, ulong five)'),
    capset: libc.func('int capset(const void *header, const void *data)'),
    setrlimit: libc.func('int setrlimit(int resource, const void *limit)'),
  };
}

let bound: ReturnType<typeof bind> | undefined;

/** call: one of the C functions; throws REZ_ERR_PLUGIN_LOAD with its name and errno where it fails. */
function call(name: 'prctl' | 'capset' | 'setrlimit', ...values: (number | NodeJS.TypedArray)[]): void {
  bound ??= bind();
  if (bound[name](...values) === 0) return;
  const errno = bound.koffi.errno();
  if (name === 'setrlimit' && errno === EPERM) return;
  const reason = errorText(errno);
  throw new RezolusError('REZ_ERR_PLUGIN_LOAD', `the process cannot be confined: ${name}: ${reason}`);
}

function prctl(option: number, argument: number): void {
  call('prctl', option, argument, 0, 0, 0);
}

interface Capabilities {
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
}

/** Sets the capabilities of this thread. */
function setCapabilities({ effective, permitted, inheritable }: Capabilities): void {
  // struct __user_cap_data_struct { u32 effective, permitted, inheritable; } [2]
  const data = [0n, 32n].flatMap((shift) =>
    [effective, permitted, inheritable].map((bits) => Number((bits >> shift) & 0xffff_ffffn)),
  );
  call('capset', new Uint32Array([CAPABILITY_VERSION_3, 0]), new Uint32Array(data));
}

/** Of the main thread, which is the one that runs this. */
function ownCapabilities(): Capabilities & { readonly ambient: bigint } {
  const status = readFileSync('/proc/self/status', 'utf8');
  const bits = (name: string) =>
    BigInt(`0x${new RegExp(`^Cap${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)![1]}`);
  return { effective: bits('Eff'), permitted: bits('Prm'), inheritable: bits('Inh'), ambient: bits('Amb') };
}

/** Sets what children inherit, which has to be inheritable as well. */
function setAmbient({ effective, permitted, inheritable }: Capabilities, ambient: bigint): void {
  call('prctl', PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (ambient === 0n) return;
  setCapabilities({ effective, permitted, inheritable: inheritable | ambient });
  for (let number = 0; number < 64; number++) {
    if ((ambient >> BigInt(number)) & 1n) call('prctl', PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0);
  }
}

/** Sets a limit; where it is lower already, and cannot be raised, that one stays. */
function setLimit(resource: keyof typeof RLIMITS, value: bigint): void {
  call('setrlimit', RLIMITS[resource], new BigUint64Array([value, value]));
}

/** ConfinementLimits: what a confined process may have. */
export interface ConfinementLimits {
  /** The user that it becomes; null where the process is not root: it stays who it is. */
  readonly uid: number | null;
  /** Processes and threads of the user. */
  readonly processes: number;
  readonly files: number;
}

/**
 * startConfined: calls `start`, which starts a process to be confined. From then on neither this process nor its children
 * can gain privileges by executing a file. Where this process is not root, its children inherit CAP_BPF and CAP_PERFMON
 * if `mayAttach` and it has them, else nothing; those of root have what root has until they {@link confine} themselves.
 */
export function startConfined<T>(mayAttach: boolean, start: () => T): T {
  prctl(PR_SET_NO_NEW_PRIVS, 1);
  const own = ownCapabilities();
  const isRoot = process.geteuid!() === 0;
  setAmbient(own, isRoot || !mayAttach ? 0n : own.permitted & attaching);
  try {
    return start();
  } finally {
    // This process may be about to become another program, with what it was given.
    setAmbient(own, own.ambient);
  }
}

/**
 * confine: makes this process one of the user `uid`, which owns nothing, with limits, and with no capabilities but, on
 * the main thread, CAP_BPF and CAP_PERFMON, for BPF programs to be attached, until {@link giveUpPowers}. Capabilities belong to threads, and
 * Node has several: setuid(2) takes those of all of them but keeps them on the thread that asked for it. The process is
 * the first that the kernel ends when memory is short, and ends with its parent; what its children leave behind
 * becomes its own. Throws REZ_ERR_PLUGIN_LOAD.
 */
export function confine({ uid, processes, files }: ConfinementLimits): void {
  writeFileSync('/proc/self/oom_score_adj', '1000');
  if (uid !== null) {
    // Before Linux 5.11 maps counted as locked memory.
    setLimit('lockedMemory', RLIM_INFINITY);
    prctl(PR_SET_KEEPCAPS, 1);
    try {
      process.setgroups!([]);
      process.setgid!(uid);
      process.setuid!(uid);
    } catch (cause) {
      throw new RezolusError('REZ_ERR_PLUGIN_LOAD', `the process cannot become user ${uid}`, { cause });
    }
    setCapabilities({ effective: attaching, permitted: attaching, inheritable: 0n });
  }
  setLimit('core', 0n);
  setLimit('files', BigInt(files));
  if (uid !== null) setLimit('processes', BigInt(processes));
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  // A change of user would clear it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/**
 * giveUpPowers: the end of {@link confine}: takes the last capabilities of the threads that can run code, and keeps all
 * threads from loading programs into the kernel. Throws REZ_ERR_PRIVILEGES.
 */
export async function giveUpPowers(): Promise<void> {
  await keepCapabilities({ effective: [], permitted: [] });
  forbidKernelPrograms();
}

/**
 * powersOf: what threads of a confined process still could do, as a sentence; null = nothing. A process that stayed its
 * user has threads of Node's own that keep capabilities and run no code; the filter takes their use.
 */
export function powersOf(pid: number, changedUser: boolean): string | null {
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    const name = /^Name:\t(.*)$/m.exec(status)![1]!;
    const runsCode = changedUser || thread === String(pid) || name.startsWith('libuv-worker');
    if (runsCode && /^Cap(?:Inh|Prm|Eff|Amb):\s*0*[1-9a-f]/m.test(status))
      return `kept capabilities in its thread ${name}`;
    if (!/^Seccomp:\s*2$/m.test(status)) return `has no filter of system calls in its thread ${name}`;
  }
  return null;
}
