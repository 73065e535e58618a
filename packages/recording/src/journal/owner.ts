import { readFileSync, readlinkSync } from 'node:fs';

/** Owner: the process that writes a recording, such that another one with its number is not taken for it. */
export interface Owner {
  readonly pid: number;
  /** When it began, in clock ticks since the machine did. */
  readonly started: string;
  /** Changes with every start of the machine. */
  readonly boot: string;
  /** Numbers of processes mean something within this name space only. */
  readonly namespace: string;
}

/** thisProcess: the owner of what this process writes. */
export function thisProcess(): Owner {
  return {
    pid: process.pid,
    started: processStat('self')?.started ?? '',
    boot: bootId(),
    namespace: readlinkSync('/proc/self/ns/pid'),
  };
}

/** isAlive: whether the owner may still be writing; yes where that cannot be known from here. */
export function isAlive(owner: Owner): boolean {
  if (owner.boot !== bootId()) return false;
  if (owner.namespace !== readlinkSync('/proc/self/ns/pid')) return true;
  const stat = processStat(String(owner.pid));
  return stat !== null && stat.started === owner.started && stat.state !== 'Z' && stat.state !== 'X';
}

/** parseOwner: the content of a lock file, or null where it is none. */
export function parseOwner(text: string): Owner | null {
  try {
    const { pid, started, boot, namespace } = JSON.parse(text);
    const valid = Number.isSafeInteger(pid) && [started, boot, namespace].every((x) => typeof x === 'string');
    return valid ? { pid, started, boot, namespace } : null;
  } catch {
    return null;
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function processStat(pid: string): { state: string; started: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name is in parentheses and may hold any character: fields are counted from its end (proc(5): state is 3,
    // starttime 22).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', started: fields[19] ?? '' };
  } catch {
    return null;
  }
}
