import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { raiseCapabilities } from '@rezolus/libbpf';

// Above what distributions and systemd give to users and services, below what containers are given.
const firstUid = 66_000;
const count = 4_096;

/**
 * freeUser: the id of a user that has no processes, for one process of a plugin; null where this process is not root and
 * cannot give its children another user. Such a user owns nothing, so that it need not be the same one twice.
 */
export function freeUser(): number | null {
  if (process.geteuid!() !== 0) return null;
  const taken = usersOfProcesses();
  for (;;) {
    const uid = firstUid + randomInt(count);
    if (!taken.has(uid)) return uid;
  }
}

/**
 * endUser: ends every process of a user of {@link freeUser}, also such as have left their group, at once: a fork bomb
 * would outrun whoever ends them one by one.
 */
export async function endUser(uid: number): Promise<void> {
  const kill = asUser(uid);
  await once(kill, 'exit').catch(() => {});
}

function asUser(uid: number): ChildProcess {
  using _raised = raiseCapabilities();
  return spawn('/bin/sh', ['-c', 'kill -9 -1'], { uid, gid: uid, stdio: 'ignore', cwd: '/' });
}

function usersOfProcesses(): Set<number> {
  const users = new Set<number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      users.add(Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  return users;
}
