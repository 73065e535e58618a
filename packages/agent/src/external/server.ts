import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { type Logger, RezolusError } from '@rezolus/core';
import { removeStaleSocket } from '@rezolus/core/http';
import { Connection } from './connection.ts';
import type { DropReason } from './message.ts';
import type { MetricStore } from './store.ts';
import type { Protocol } from './stream.ts';

/** PushServerOptions: where clients come in, how many, and to which store they push. */
export interface PushServerOptions {
  readonly path: string;
  readonly mode: number;
  /** Name or number of the group that the socket gets; empty = that of the agent. */
  readonly group: string;
  readonly protocol: Protocol;
  readonly maxConnections: number;
  /** A connection that was silent for so long makes room for a new one where there is none. */
  readonly idleMs: number;
  readonly store: MetricStore;
  readonly log: Logger;
}

/** Clients get a tenth of the time: after up to so many ms of work for them comes a rest nine times as long. */
const workMs = 10;
const restPerWork = 9;
/** Bytes that all connections may hold; over it one is closed that holds more than its share. */
const maxHeldBytes = 16 * 2 ** 20;

/**
 * PushServer: takes what clients push on a unix socket. Nothing waits for a client: what has come is looked at in turns,
 * for a tenth of the time at most, and of a connection no more is read before its turn is over.
 */
export class PushServer implements AsyncDisposable {
  readonly #options: PushServerOptions;
  readonly #server: Server;
  /** In the order in which they came. */
  readonly #connections = new Set<Connection>();
  readonly #queue: Connection[] = [];
  readonly #drops: Partial<Record<DropReason, number>> = {};
  #heldBytes = 0;
  #resting: NodeJS.Timeout | null = null;

  private constructor(options: PushServerOptions) {
    this.#options = options;
    // A client that has ended stays until all that it sent was looked at.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  /** listen: replaces a socket that a dead process left behind; anything else at its path stays. Throws REZ_ERR_LISTEN. */
  static async listen(options: PushServerOptions): Promise<PushServer> {
    const { path, mode, group } = options;
    const server = new PushServer(options);
    try {
      const gid = group === '' ? null : groupId(group);
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      await removeStaleSocket(path);
      server.#server.listen(path);
      await once(server.#server, 'listening');
      // No file for a connection that comes.
      server.#server.on('error', () => server.#dropped('max_connections'));
      if (gid !== null) chownSync(path, -1, gid);
      chmodSync(path, mode);
    } catch (cause) {
      await server[Symbol.asyncDispose]();
      throw new RezolusError('REZ_ERR_LISTEN', `cannot listen on unix:${path}`, { cause });
    }
    return server;
  }

  /** drops: what was not taken since the start, by reason. */
  get drops(): Readonly<Record<string, number>> {
    return this.#drops;
  }

  #accept(socket: Socket): void {
    const { protocol, store, maxConnections } = this.#options;
    // A client that goes away in the middle is none of our faults.
    socket.on('error', () => {});
    if (this.#connections.size >= maxConnections && !this.#closeIdle()) {
      this.#dropped('max_connections');
      socket.destroy();
      return;
    }
    const connection = new Connection(
      socket,
      protocol,
      store,
      (reason) => this.#dropped(reason),
      performance.now(),
    );
    this.#connections.add(connection);
    socket.on('data', (chunk: Buffer) => this.#enqueue(connection, chunk));
    socket.on('end', () => {
      connection.ended = true;
      if (connection.waiting === null) this.#end(connection);
    });
    socket.on('close', () => {
      this.#connections.delete(connection);
      this.#heldBytes -= connection.heldBytes;
    });
  }

  /** Closes the connection that was silent for longest, where that is long. */
  #closeIdle(): boolean {
    let idlest: Connection | null = null;
    for (const one of this.#connections) {
      if (idlest === null || one.activeMs < idlest.activeMs) idlest = one;
    }
    if (idlest === null || performance.now() - idlest.activeMs < this.#options.idleMs) return false;
    idlest.socket.destroy();
    return true;
  }

  #enqueue(connection: Connection, chunk: Buffer): void {
    connection.socket.pause();
    connection.activeMs = performance.now();
    this.#holding(connection, () => {
      connection.waiting = chunk;
    });
    const share = maxHeldBytes / this.#connections.size;
    if (this.#heldBytes > maxHeldBytes && connection.heldBytes > share) {
      this.#dropped('max_buffered');
      connection.socket.destroy();
      return;
    }
    this.#queue.push(connection);
    if (this.#resting === null) this.#work();
  }

  /** Lets connections have their turns for a moment, then rests for so long that the agent has the most of the time. */
  #work(): void {
    const began = performance.now();
    let worked = 0;
    while (worked < workMs) {
      const connection = this.#queue.shift();
      if (connection === undefined) break;
      this.#holding(connection, () => connection.work());
      if (connection.waiting !== null) this.#queue.push(connection);
      else if (connection.ended) this.#end(connection);
      else connection.socket.resume();
      worked = performance.now() - began;
    }
    this.#resting = setTimeout(() => {
      this.#resting = null;
      if (this.#queue.length > 0) this.#work();
    }, worked * restPerWork);
  }

  #end(connection: Connection): void {
    this.#holding(connection, () => connection.end());
    connection.socket.destroy();
  }

  /** Does something by which a connection comes to hold more or less. */
  #holding(connection: Connection, act: () => void): void {
    if (!this.#connections.has(connection)) return;
    const before = connection.heldBytes;
    act();
    this.#heldBytes += connection.heldBytes - before;
  }

  #dropped(reason: DropReason): void {
    const count = (this.#drops[reason] ?? 0) + 1;
    this.#drops[reason] = count;
    if (count === 1)
      this.#options.log.warn(
        { reason },
        `a push was not taken: ${reason}; more are only counted in the status`,
      );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#resting ?? undefined);
    this.#queue.length = 0;
    for (const { socket } of this.#connections) socket.destroy();
    if (!this.#server.listening) return;
    // Removes the socket, too.
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** groupId: the id of a group of /etc/group; a number is one itself. */
function groupId(group: string): number {
  if (/^\d+$/.test(group)) return Number(group);
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${group}:`));
  if (line === undefined) throw new Error(`there is no group ${group}`);
  return Number(line.split(':')[2]);
}
