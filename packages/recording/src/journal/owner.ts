import { readFileSync, readlinkSync } from 'node:fs';
import { readFile, stat, utimes } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

const beatMs = 2000;
/** An owner that cannot be looked up from here is dead when it has not touched its lock for this long. */
const silenceMs = 3 * beatMs;

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

/** isSelf: whether the owner is this process. */
export function isSelf(owner: Owner): boolean {
  const self = thisProcess();
  return owner.pid === self.pid && owner.started === self.started && owner.boot === self.boot;
}

/** keepAlive: touches a lock of this process every two seconds, for those who cannot look it up (see `isAlive`). */
export function keepAlive(lock: string): Disposable {
  const beat = setInterval(() => {
    const now = new Date();
    utimes(lock, now, now).catch(() => {});
  }, beatMs).unref();
  return { [Symbol.dispose]: () => clearInterval(beat) };
}

/**
 * isAlive: whether the owner that `lock` names still runs. One of another container, whose processes cannot be seen from
 * here, does where it touches its lock within six seconds.
 */
export async function isAlive(owner: Owner, lock: string): Promise<boolean> {
  if (owner.boot !== bootId()) return false;
  if (owner.namespace === readlinkSync('/proc/self/ns/pid')) {
    const found = processStat(String(owner.pid));
    return found !== null && found.started === owner.started && found.state !== 'Z' && found.state !== 'X';
  }
  const touched = async () => (await stat(lock).catch(() => null))?.mtimeMs ?? 0;
  const before = await touched();
  if (Date.now() - before > 10 * silenceMs) return false;
  for (let waitedMs = 0; waitedMs < silenceMs; waitedMs += beatMs / 4) {
    await wait(beatMs / 4);
    if ((await touched()) !== before) return true;
  }
  return false;
}

/** ownerOf: the process that a lock file names; null where there is none or it names none. */
export async function ownerOf(lock: string): Promise<Owner | null> {
  return parseOwner(await readFile(lock, 'utf8').catch(() => ''));
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
