import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';

/** removeStaleSocket: removes a socket that nobody listens on; anything else stays, and listening will fail. */
export async function removeStaleSocket(path: string): Promise<void> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return;
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect(path, () => resolve(undefined));
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  const code = await promise;
  socket.destroy();
  if (code === 'ECONNREFUSED') unlinkSync(path);
}
