import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** root: the folder of the repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url));
const bin = join(root, 'packages/cli/bin/run.ts');

/** Finished: how a command ended and what it printed. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** TemporaryFolder: a folder that goes with its owner. */
export class TemporaryFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'rezolus-e2e-'));
  file(name: string, content: string): string {
    const path = join(this.path, name);
    writeFileSync(path, content);
    return path;
  }
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Rezolus: a running `rezolus` command. Disposing ends it with SIGTERM and waits. */
export class Rezolus implements AsyncDisposable {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';

  /** `command` is the program and its arguments, default those of the sources. */
  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    [program, command]: readonly [string, readonly string[]] = [process.execPath, [bin, ...args]],
  ) {
    this.child = spawn(program, command, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text) => {
      this.stdout += text;
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
  }

  /** printed: the first match of `pattern` in what the command has printed, waiting for it. Fails when the command ends. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      if (match !== null) return match;
      if (this.child.exitCode !== null)
        throw new Error(`ended without ${pattern}: ${this.stdout}${this.stderr}`);
      await Promise.race([
        once(this.child.stdout!, 'data'),
        once(this.child.stderr!, 'data'),
        once(this.child, 'exit'),
      ]);
    }
  }

  /** finished: waits for the end. */
  async finished(): Promise<Finished> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close');
    return { code: this.child.exitCode, stdout: this.stdout, stderr: this.stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGTERM');
    await this.finished();
  }
}

/** run: runs a command to its end. */
export function run(...args: string[]): Promise<Finished> {
  return new Rezolus(args).finished();
}

/** freePort: a loopback port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** startAgent: `rezolus agent` on a free port; resolves when it listens. */
export async function startAgent(
  folder: TemporaryFolder,
  config = '',
  env: Readonly<Record<string, string>> = {},
) {
  const port = await freePort();
  const path = folder.file('agent.toml', `[general]\nlisten = "127.0.0.1:${port}"\n${config}`);
  const agent = new Rezolus(['agent', path], env);
  await agent.printed(/"address":"http/);
  return { agent, url: `http://127.0.0.1:${port}` };
}

/** CountingProxy: passes requests on to an agent and counts the snapshots that went through. */
export class CountingProxy implements AsyncDisposable {
  readonly url: string;
  count = 0;
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();

  private constructor(server: Server, target: string) {
    this.#server = server;
    const { port } = server.address() as { port: number };
    this.url = `http://127.0.0.1:${port}`;
    server.on('request', async (request, response) => {
      const answer = await fetch(target + request.url);
      response.writeHead(answer.status, {
        'content-type': answer.headers.get('content-type') ?? 'text/plain',
      });
      response.end(Buffer.from(await answer.arrayBuffer()));
      if (request.url === '/metrics/binary') this.count++;
      for (const wake of this.#waiting) wake();
    });
  }

  static async start(target: string): Promise<CountingProxy> {
    const server = createHttpServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CountingProxy(server, target);
  }

  /** reach: resolves when so many snapshots have gone through. */
  async reach(count: number): Promise<void> {
    while (this.count < count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
      this.#waiting.delete(resolve);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
