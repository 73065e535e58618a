import { spawn } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installPlugin, PluginStore } from '@rezolus/containment/store';
import type { SamplerStatus } from '@rezolus/core';
import { describe, expect, it } from 'vitest';
import { freePort, root, TemporaryFolder } from '../support/rezolus.ts';
import { packExample, statuses, until } from './support.ts';

const nobody = 65_534;

/** Whether another user can read the sources. */
function readableByAll(): boolean {
  if (process.geteuid!() !== 0) return false;
  process.seteuid!(nobody);
  try {
    accessSync(join(root, 'packages/cli/bin/run.ts'), constants.R_OK);
    accessSync(process.execPath, constants.X_OK);
    return true;
  } catch {
    return false;
  } finally {
    process.seteuid!(0);
  }
}

describe.skipIf(!readableByAll())('a plugin under an agent with CAP_BPF and CAP_PERFMON alone', () => {
  it('attaches, has nothing left that it could use, and ends with the agent, however that ends', async () => {
    using folder = new TemporaryFolder();
    chmodSync(folder.path, 0o755);
    await installPlugin(
      new PluginStore(join(folder.path, 'plugins')),
      packExample('rezolus-plugin-pagefault', folder.path),
    );
    const port = await freePort();
    const config = folder.file('agent.toml', `[general]\nlisten = "127.0.0.1:${port}"\n`);
    const sets = ['inh-caps', 'ambient-caps', 'bounding-set'].map((set) => `--${set}=-all,+bpf,+perfmon`);
    const agent = spawn(
      'setpriv',
      [
        ...[`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', ...sets],
        ...[process.execPath, join(root, 'packages/cli/bin/run.ts'), 'agent', config],
      ],
      {
        env: { ...process.env, REZOLUS_DATA_DIR: folder.path, XDG_CACHE_HOME: folder.path },
        stdio: 'ignore',
      },
    );
    const ended = new Promise((resolve) => agent.once('exit', resolve));
    const sampler = async (): Promise<SamplerStatus | undefined> => {
      const all = await statuses(`http://127.0.0.1:${port}`).catch(() => []);
      return all.find(({ name }) => name === 'pagefault_counts');
    };
    try {
      const status = await until(sampler, (one) => one?.state === 'active');
      expect(status).toMatchObject({ health: 'healthy', process: { restarts: 0 } });
      const { pid } = status!.process!;
      const threads = globSync(`/proc/${pid}/task/*/status`).map((path) => readFileSync(path, 'utf8'));
      expect(threads.length).toBeGreaterThan(3);
      for (const text of threads) {
        expect(text).toMatch(/^Seccomp:\s+2$/m);
        expect(text).toMatch(/^NoNewPrivs:\s+1$/m);
        if (/^Name:\s+(MainThread|libuv-worker)$/m.test(text)) expect(text).toMatch(/^CapPrm:\s+0+$/m);
      }
      agent.kill('SIGKILL');
      await ended;
      await until(
        async () => existsSync(`/proc/${pid}`),
        (there) => !there,
      );
    } finally {
      agent.kill('SIGKILL');
      await ended;
    }
  });
});
