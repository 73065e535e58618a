/** The thread that checks passwords: bcrypt is meant to be slow. */
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import bcrypt from 'bcryptjs';

/** PasswordTask: a password and the bcrypt hash it may be of. */
export interface PasswordTask {
  readonly password: string;
  readonly hash: string;
}

// On Linux this thread's: whoever tries passwords takes only what nobody else needs.
setPriority(0, 19);
parentPort!.on('message', ({ password, hash }: PasswordTask) => {
  parentPort!.postMessage(bcrypt.compareSync(password, hash));
});
