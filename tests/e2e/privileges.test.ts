import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, constants, readdirSync, readFileSync } from 'node:fs';
import type { SamplerStatus } from '@rezolus/core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort, root, TemporaryFolder } from '../support/rezolus.ts';

const nobody = 65534;

/** The heads of the columns of the table in docs/operations.md, and the capabilities behind them; null = root. */
const levels: Readonly<Record<string, readonly string[] | null>> = {
  'no capability': [],
  'CAP_BPF and CAP_PERFMON': ['bpf', 'perfmon'],
  root: null,
};

/** Observed: what an agent said of itself, and what the kernel says of it. */
interface Observed {
  readonly samplers: ReadonlyMap<string, SamplerStatus>;
  /** Lines of the status file of each thread, by the thread's name. */
  readonly threads: readonly (readonly [string, string])[];
  readonly log: string;
}

/** LimitedAgent: a running agent, as root or as nobody with some capabilities. */
class LimitedAgent implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly config: string;
  readonly #folder = new TemporaryFolder();
  readonly #general: string;
  readonly #url: string;
  readonly #ended: Promise<unknown>;
  log = '';

  private constructor(capabilities: readonly string[] | null, port: number, rest: string) {
    chmodSync(this.#folder.path, 0o755);
    this.#url = `http://127.0.0.1:${port}`;
    this.#general = `[general]\nlisten = "127.0.0.1:${port}"\n`;
    this.config = this.#folder.file('agent.toml', this.#general + rest);
    const agent = [process.execPath, `${root}packages/cli/bin/run.ts`, 'agent', this.config];
    const [program, ...args] = capabilities === null ? agent : [...becomeNobodyWith(capabilities), ...agent];
    this.child = spawn(program!, args, {
      env: { PATH: process.env.PATH, HOME: this.#folder.path },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#ended = once(this.child, 'exit');
    this.child.stderr!.setEncoding('utf8').on('data', (text) => {
      this.log += text;
    });
  }

  static async start(capabilities: readonly string[] | null, rest = ''): Promise<LimitedAgent> {
    const agent = new LimitedAgent(capabilities, await freePort(), rest);
    while (!/gave up all other capabilities|privileges are as they were/.test(agent.log)) {
      if (agent.child.exitCode !== null) throw new Error(`the agent ended: ${agent.log}`);
      await Promise.race([once(agent.child.stderr!, 'data'), agent.#ended]);
    }
    return agent;
  }

  /** samplers: its status of each sampler, after a reading. */
  async samplers(): Promise<ReadonlyMap<string, SamplerStatus>> {
    await (await fetch(`${this.#url}/metrics/json`)).arrayBuffer();
    const samplers = (await (await fetch(`${this.#url}/samplers`)).json()) as SamplerStatus[];
    return new Map(samplers.map((sampler) => [sampler.name, sampler]));
  }

  /** reload: gives it another configuration and tells it. */
  reload(rest: string): void {
    this.#folder.file('agent.toml', this.#general + rest);
    this.child.kill('SIGHUP');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGTERM');
    await this.#ended;
    this.#folder[Symbol.dispose]();
  }
}

async function agentWith(capabilities: readonly string[] | null): Promise<Observed> {
  await using agent = await LimitedAgent.start(capabilities);
  return { samplers: await agent.samplers(), threads: threads(agent.child.pid!), log: agent.log };
}

function becomeNobodyWith(capabilities: readonly string[]): string[] {
  const set = ['-all', ...capabilities.map((name) => `+${name}`)].join(',');
  const ids = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];
  return [
    'setpriv',
    ...ids,
    ...['inh-caps', 'ambient-caps', 'bounding-set'].map((name) => `--${name}=${set}`),
  ];
}

function threads(pid: number): (readonly [string, string])[] {
  return readdirSync(`/proc/${pid}/task`).map((id) => {
    const thread = `/proc/${pid}/task/${id}`;
    return [readFileSync(`${thread}/comm`, 'utf8').trim(), readFileSync(`${thread}/status`, 'utf8')] as const;
  });
}

const bits = (status: string, set: string) =>
  BigInt(`0x${new RegExp(`^${set}:\\s*(\\w+)$`, 'm').exec(status)![1]}`);
const bitOf = { dacReadSearch: 1n << 2n, perfmon: 1n << 38n, bpf: 1n << 39n, sysAdmin: 1n << 21n };

/** readableByAll: whether another user can read the sources. */
function readableByAll(): boolean {
  if (process.getuid!() !== 0) return false;
  process.seteuid!(nobody);
  try {
    accessSync(`${root}packages/cli/bin/run.ts`, constants.R_OK);
    accessSync(process.execPath, constants.X_OK);
    return true;
  } catch {
    return false;
  } finally {
    process.seteuid!(0);
  }
}

const readable = readableByAll();

describe.skipIf(!readable)('privileges (root, and sources that all users can read)', () => {
  const observed = new Map<string, Observed>();
  beforeAll(async () => {
    for (const [level, capabilities] of Object.entries(levels))
      observed.set(level, await agentWith(capabilities));
  }, 240_000);

  it('the table in docs/operations.md says what runs at which privilege', () => {
    const rows = tableOf(readFileSync(`${root}docs/operations.md`, 'utf8'));
    const here = [...observed.get('root')!.samplers.values()].filter(({ state }) => state === 'active');
    expect(here.length).toBeGreaterThan(15);
    const all = [...observed.get('root')!.samplers.keys()].sort();
    expect([...rows.keys()].sort()).toEqual(all);
    for (const { name } of here) {
      const found = Object.keys(levels).map((level) => {
        const sampler = observed.get(level)!.samplers.get(name)!;
        if (sampler.state !== 'active') return 'no';
        const all = observed.get('root')!.samplers.get(name)!.missing ?? [];
        return (sampler.missing ?? []).length > all.length ? 'in part' : 'yes';
      });
      expect([name, ...found]).toEqual([name, ...rows.get(name)!]);
    }
  });

  it('root keeps what its samplers need, and has next to nothing of it in force', () => {
    for (const [name, status] of observed.get('root')!.threads) {
      if (!/^(MainThread|node|libuv-worker)$/.test(name)) continue;
      expect(bits(status, 'CapEff')).toBe(bitOf.dacReadSearch);
      const kept = bitOf.dacReadSearch | bitOf.perfmon | bitOf.bpf | bitOf.sysAdmin | (0b111n << 5n);
      expect(bits(status, 'CapPrm')).toBe(kept);
      expect(bits(status, 'CapAmb')).toBe(0n);
    }
  });

  it('another user has nothing in force either, and children inherit nothing', () => {
    for (const [name, status] of observed.get('CAP_BPF and CAP_PERFMON')!.threads) {
      if (!/^(MainThread|node|libuv-worker)$/.test(name)) continue;
      expect(bits(status, 'CapEff')).toBe(0n);
      expect(bits(status, 'CapPrm')).toBe(bitOf.perfmon | bitOf.bpf);
      expect(bits(status, 'CapAmb') | bits(status, 'CapInh')).toBe(0n);
      if (name !== 'libuv-worker') expect(status).toMatch(/^NoNewPrivs:\s*1$/m);
    }
  });

  it('a sampler that a reload switches on attaches, although nothing is in force', async () => {
    const off = '[defaults]\nenabled = false\n';
    await using agent = await LimitedAgent.start(['bpf', 'perfmon'], off);
    expect((await agent.samplers()).get('syscall_counts')).toMatchObject({ state: 'disabled' });
    agent.reload(`${off}[samplers.syscall_counts]\nenabled = true\n`);
    await vi.waitUntil(async () => (await agent.samplers()).get('syscall_counts')?.state === 'active', {
      timeout: 60_000,
      interval: 250,
    });
    const [, main] = threads(agent.child.pid!).find(([name]) => /^(MainThread|node)$/.test(name))!;
    expect(bits(main, 'CapEff')).toBe(0n);
  });

  it('the reason names the capabilities that are missing', () => {
    const { samplers, log } = observed.get('no capability')!;
    expect(samplers.get('syscall_counts')).toMatchObject({ state: 'failed', code: 'REZ_ERR_BPF_PERMISSION' });
    expect(log).toContain('listening');
  });
});

/** tableOf: sampler to its cells, from the table whose first head is `sampler`. */
function tableOf(text: string): Map<string, string[]> {
  const lines = text.split('\n');
  const head = lines.findIndex((line) => /^\| sampler \| no capability/.test(line));
  const rows = new Map<string, string[]>();
  for (const line of lines.slice(head + 2)) {
    const cells = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (cells.length === 0) break;
    rows.set(cells[0]!.replaceAll('`', ''), cells.slice(1, 1 + Object.keys(levels).length));
  }
  return rows;
}
