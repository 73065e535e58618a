import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { RezolusError } from '@rezolus/core';
import { errorText } from './verdict.ts';

// include/uapi/linux/{prctl,capability,resource}.h; the numbers are those of x86-64 and arm64.
const PR_SET_PDEATHSIG = 1;
const PR_SET_KEEPCAPS = 8;
const PR_SET_CHILD_SUBREAPER = 36;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const SIGKILL = 9;
const EPERM = 1;
const CAPABILITY_VERSION_3 = 0x2008_0522;
const CAP_PERFMON = 38n;
const CAP_BPF = 39n;
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

function setCapabilities(capabilities: readonly bigint[]): void {
  const bits = capabilities.reduce((sum, capability) => sum | (1n << capability), 0n);
  const [low, high] = [Number(bits & 0xffff_ffffn), Number(bits >> 32n)];
  // struct __user_cap_data_struct { u32 effective, permitted, inheritable; } [2]
  call('capset', new Uint32Array([CAPABILITY_VERSION_3, 0]), new Uint32Array([low, low, 0, high, high, 0]));
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
 * forbidNewPrivileges: neither this process nor its children can gain privileges any more by executing a file, and its
 * children inherit no capabilities unless they are root. For a host, before it starts a process to be confined.
 */
export function forbidNewPrivileges(): void {
  prctl(PR_SET_NO_NEW_PRIVS, 1);
  call('prctl', PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/**
 * confine: makes this process one of the user `uid`, which owns nothing, with limits, and with no capabilities but, on
 * the main thread, CAP_BPF and CAP_PERFMON, for BPF programs to be attached. Capabilities belong to threads, and
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
    setCapabilities([CAP_BPF, CAP_PERFMON]);
  }
  setLimit('core', 0n);
  setLimit('files', BigInt(files));
  if (uid !== null) setLimit('processes', BigInt(processes));
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  // A change of user would clear it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/** giveUpCapabilities: takes the last capabilities of this process. Throws REZ_ERR_PLUGIN_LOAD. */
export function giveUpCapabilities(): void {
  setCapabilities([]);
}

/** heldCapabilities: the capabilities that any thread of a process has or can take, as bits of capabilities(7). */
export function heldCapabilities(pid: number): bigint {
  let held = 0n;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    for (const [, bits] of status.matchAll(/^Cap(?:Inh|Prm|Eff|Amb):\s*([0-9a-f]+)$/gm))
      held |= BigInt(`0x${bits}`);
  }
  return held;
}
