import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { buildTree } from '../packaging/tree.ts';
import { freePort, Rezolus, root, TemporaryFolder } from '../tests/support/rezolus.ts';

const hertz = 100;
const library = join(root, 'build/tree/usr/lib/rezolus');
let built: Promise<void> | undefined;

/** installed: the arguments of `spawn` for the `rezolus` command as the packages install it: JavaScript and its own Node. */
async function installed(args: readonly string[]): Promise<[string, string[]]> {
  if (built === undefined) process.stderr.write('building what the packages install\n');
  built ??= buildTree('build/tree');
  await built;
  return [join(library, 'bin/node'), [join(library, 'node_modules/@rezolus/cli/bin/run.js'), ...args]];
}

/** Installed: a running command of the installed tree, whose output can be waited for. */
export class Installed extends Rezolus {
  static async spawn(...args: string[]): Promise<Installed> {
    return new Installed(args, {}, await installed(args));
  }
}

/** Usage: CPU time (user and system) and memory of a process; `private` is what is its own and written. */
export interface Usage {
  readonly cpuMs: number;
  readonly rssKb: number;
  readonly privateKb: number;
}

/** usageOf: by /proc. */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kb = (key: string) => Number(new RegExp(`^${key}: +(\\d+)`, 'm').exec(rollup)![1]);
  return {
    cpuMs: ((Number(fields[11]) + Number(fields[12])) * 1000) / hertz,
    rssKb: kb('Rss'),
    privateKb: kb('Private_Dirty'),
  };
}

/** Scrape: how long one took until the last byte, and how many there were. */
export interface Scrape {
  readonly ms: number;
  readonly bytes: number;
}

/** InstalledAgent: an installed agent with every sampler, on a port of its own, and one reader of it. */
export class InstalledAgent implements AsyncDisposable {
  readonly port: number;
  /** From the start of the command to its first snapshot. */
  readonly firstMs: number;
  readonly #child: ChildProcess;
  readonly #folder: TemporaryFolder;
  readonly #connection = new Agent({ keepAlive: true, maxSockets: 1 });
  #schemas = 'none';

  private constructor(child: ChildProcess, folder: TemporaryFolder, port: number, firstMs: number) {
    this.#child = child;
    this.#folder = folder;
    this.port = port;
    this.firstMs = firstMs;
  }

  static async start(): Promise<InstalledAgent> {
    const folder = new TemporaryFolder();
    const port = await freePort();
    const listen = `[general]\nlisten = "127.0.0.1:${port}"\nttl = "1ms"\n[log]\nlevel = "warn"\n`;
    const [program, command] = await installed(['agent', folder.file('agent.toml', listen)]);
    const child = spawn(program, command, { stdio: 'inherit' });
    const began = performance.now();
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${port}/metrics/binary`).catch(() => null);
      await answer?.arrayBuffer();
      if (answer?.ok) return new InstalledAgent(child, folder, port, performance.now() - began);
      if (child.exitCode !== null) throw new Error('the agent ended');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  usage(): Usage {
    return usageOf(this.#child.pid!);
  }

  /** scrape: as our own readers do: it names the schemas that it has; `whole` asks for all, as others do. */
  scrape({ whole = false } = {}): Promise<Scrape> {
    const { promise, resolve, reject } = Promise.withResolvers<Scrape>();
    const began = performance.now();
    const headers = whole ? {} : { 'rezolus-schemas': this.#schemas };
    const options = { port: this.port, host: '127.0.0.1', path: '/metrics/binary', agent: this.#connection };
    get({ ...options, headers }, (response) => {
      this.#schemas = String(response.headers['rezolus-schemas'] ?? this.#schemas);
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () => resolve({ ms: performance.now() - began, bytes }));
    }).on('error', reject);
    return promise;
  }

  /** scrapeAt: scrapes on a grid for some seconds. */
  async scrapeAt(rate: number, seconds: number, options = {}): Promise<Scrape[]> {
    const scrapes: Scrape[] = [];
    const start = performance.now();
    for (let tick = 1; tick <= rate * seconds; tick++) {
      const wait = start + (tick * 1000) / rate - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      scrapes.push(await this.scrape(options));
    }
    return scrapes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.destroy();
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
    this.#folder[Symbol.dispose]();
  }
}
