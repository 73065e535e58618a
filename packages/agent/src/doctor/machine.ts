import { readdirSync, readFileSync, statSync } from 'node:fs';
import { sentence } from '@rezolus/core';

/** Machine: what of a machine, and of the rights of this process, decides by which routes samplers can measure. */
export interface Machine {
  /** As `uname -r` says it. */
  readonly kernel: string;
  readonly arch: string;
  /** Bytes of the kernel's own BTF; null = it has none. */
  readonly btf_bytes: number | null;
  readonly cgroups: 'v1' | 'v2' | 'hybrid' | null;
  /** `none`, `integrity` or `confidentiality`; null where the kernel does not say. */
  readonly lockdown: string | null;
  readonly perf_event_paranoid: number | null;
  readonly unprivileged_bpf_disabled: number | null;
  /** Where tracefs is mounted, null = nowhere. */
  readonly tracefs: string | null;
  /** Kinds of performance counters, e.g. `cpu`, `msr`, `software`. */
  readonly pmus: readonly string[];
  /** Version of the libbpf in use, null where it cannot be loaded; `libbpf_error` says why. */
  readonly libbpf: string | null;
  readonly libbpf_error: string | null;
  readonly uid: number;
  /** Effective capabilities of this process, in the order of their numbers. */
  readonly capabilities: readonly string[];
  /** The others that the kernel knows. */
  readonly missing_capabilities: readonly string[];
  /** Whether they are those of a user namespace only, as in rootless containers: the kernel asks for others. */
  readonly user_namespace: boolean;
  /** Whether a seccomp filter decides about system calls of this process. */
  readonly seccomp: boolean;
  /** Bytes of memory that may be locked, null = as many as there are. Kernels before 5.11 count maps in it. */
  readonly memlock_bytes: number | null;
}

/** Names of include/uapi/linux/capability.h by number, without `CAP_`. */
const capabilityNames = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
).split(' ');

/** readMachine: looks at /proc, /sys and libbpf. What cannot be read is null; never throws. */
export async function readMachine(): Promise<Machine> {
  const status = text('/proc/self/status');
  const mounts = text('/proc/mounts');
  const effective = BigInt(`0x${field(status, 'CapEff') ?? '0'}`);
  const last = number('/proc/sys/kernel/cap_last_cap') ?? capabilityNames.length - 1;
  return {
    kernel: text('/proc/sys/kernel/osrelease').trim(),
    arch: process.arch,
    btf_bytes: sizeOf('/sys/kernel/btf/vmlinux'),
    cgroups: cgroupsOf(mounts),
    lockdown: /\[(\w+)\]/.exec(text('/sys/kernel/security/lockdown'))?.[1] ?? null,
    perf_event_paranoid: number('/proc/sys/kernel/perf_event_paranoid'),
    unprivileged_bpf_disabled: number('/proc/sys/kernel/unprivileged_bpf_disabled'),
    tracefs: /^\S+ (\S+) tracefs /m.exec(mounts)?.[1] ?? null,
    pmus: entriesOf('/sys/bus/event_source/devices'),
    ...(await libbpf()),
    uid: process.geteuid!(),
    capabilities: capabilitiesOf(effective),
    missing_capabilities: capabilitiesOf(((1n << BigInt(last + 1)) - 1n) & ~effective),
    user_namespace: !/^\s*0\s+0\s+4294967295\s*$/.test(text('/proc/self/uid_map') || '0 0 4294967295'),
    seccomp: field(status, 'Seccomp') === '2',
    memlock_bytes: memlockOf(text('/proc/self/limits')),
  };
}

/** capabilitiesOf: the names of a set; a number that has none yet is `CAP_<number>`. */
export function capabilitiesOf(set: bigint): string[] {
  const names: string[] = [];
  for (let bit = 0; set >> BigInt(bit) !== 0n; bit++) {
    if ((set >> BigInt(bit)) & 1n) names.push(`CAP_${capabilityNames[bit] ?? bit}`);
  }
  return names;
}

/** cgroupsOf: which hierarchies /proc/mounts has; `hybrid` = both, the controllers being in v1. */
export function cgroupsOf(mounts: string): Machine['cgroups'] {
  const hasV1 = /^\S+ \S+ cgroup /m.test(mounts);
  const hasV2 = /^\S+ \S+ cgroup2 /m.test(mounts);
  if (hasV1) return hasV2 ? 'hybrid' : 'v1';
  return hasV2 ? 'v2' : null;
}

function memlockOf(limits: string): number | null {
  const soft = /^Max locked memory\s+(\S+)/m.exec(limits)?.[1];
  return soft === undefined || soft === 'unlimited' ? null : Number(soft);
}

async function libbpf(): Promise<Pick<Machine, 'libbpf' | 'libbpf_error'>> {
  try {
    const { libbpfVersion } = await import('@rezolus/libbpf');
    return { libbpf: libbpfVersion(), libbpf_error: null };
  } catch (error) {
    return { libbpf: null, libbpf_error: sentence(error) };
  }
}

function field(status: string, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1];
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function number(path: string): number | null {
  const content = text(path).trim();
  return /^-?\d+$/.test(content) ? Number(content) : null;
}

function sizeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.size ?? null;
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
