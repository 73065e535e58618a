import { spawn } from 'node:child_process';
import { accessSync, chmodSync, constants, readdirSync, readFileSync } from 'node:fs';
import type { SamplerStatus } from '@rezolus/core';
import { beforeAll, describe, expect, it } from 'vitest';
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

async function agentWith(capabilities: readonly string[] | null): Promise<Observed> {
  using folder = new TemporaryFolder();
  chmodSync(folder.path, 0o755);
  const port = await freePort();
  const path = folder.file('agent.toml', `[general]\nlisten = "127.0.0.1:${port}"\n`);
  const agent = [process.execPath, `${root}packages/cli/bin/run.ts`, 'agent', path];
  const [program, ...args] = capabilities === null ? agent : [...becomeNobodyWith(capabilities), ...agent];
  const child = spawn(program!, args, {
    env: { PATH: process.env.PATH, HOME: folder.path },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    log += text;
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    while (!/gave up all other capabilities|privileges are as they were/.test(log)) {
      if (child.exitCode !== null) throw new Error(`the agent ended: ${log}`);
      await new Promise((resolve) => child.stderr.once('data', resolve));
    }
    const get = async (page: string) => (await fetch(`http://127.0.0.1:${port}/${page}`)).json();
    await get('metrics/json');
    const samplers = (await get('samplers')) as SamplerStatus[];
    return {
      samplers: new Map(samplers.map((sampler) => [sampler.name, sampler])),
      threads: threads(child.pid!),
      log,
    };
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
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
