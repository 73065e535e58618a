import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** Wrapped: a command that runs while it is recorded. */
export interface Wrapped {
  /** ended: its exit code, 128 + the number of the signal that ended it, or 127 where it could not be started. */
  readonly ended: Promise<number>;
  /** fault: why it could not be started. */
  fault(): Error | undefined;
  /** stop: ends it and everything in its process group: SIGTERM, and SIGKILL after `graceMs`. Resolves as `ended`. */
  stop(graceMs?: number): Promise<number>;
}

/** startWrapped: runs a command in a process group of its own, with the input and output of this process. */
export function startWrapped([file = '', ...args]: readonly string[]): Wrapped {
  const child = spawn(file, args, { stdio: 'inherit', detached: true });
  const { promise: ended, resolve } = Promise.withResolvers<number>();
  let fault: Error | undefined;
  let over = false;
  child.once('error', (error) => {
    fault = error;
    over = true;
    resolve(127);
  });
  child.once('exit', (code, signal) => {
    over = true;
    resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']);
  });
  const kill = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // Nobody of the group is left.
    }
  };
  return {
    ended,
    fault: () => fault,
    async stop(graceMs = 2000) {
      if (over) return ended;
      kill('SIGTERM');
      const timer = setTimeout(() => kill('SIGKILL'), graceMs);
      const code = await ended;
      clearTimeout(timer);
      kill('SIGKILL');
      return code;
    },
  };
}
