import { spawn } from 'node:child_process';
import { accessSync, appendFileSync, chmodSync, constants, globSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { agentConfigSchema } from '@rezolus/agent/config-file';
import { type Diagnosis, examine, readMachine } from '@rezolus/agent/doctor';
import { SamplerRegistry, silentLogger } from '@rezolus/core';
import { parseConfig } from '@rezolus/core/config';
import { createBpfLoader } from '@rezolus/libbpf';
import { describe, expect, it } from 'vitest';
import { packExample } from '../plugin-install/support.ts';
import { Rezolus, root, run, TemporaryFolder } from '../support/rezolus.ts';
import { builtInDefinitions } from '../support/samplers.ts';

const isRoot = process.geteuid!() === 0;
const nobody = 65534;
const program = `${root}packages/cli/bin/run.ts`;

const diagnosisOf = (stdout: string): Diagnosis => JSON.parse(stdout);
const verdictOf = ({ samplers }: Diagnosis, name: string) =>
  samplers.find(({ sampler }) => sampler === name)!;

/** readableByAll: whether another user can read the sources. */
function readableByAll(): boolean {
  if (!isRoot) return false;
  process.seteuid!(nobody);
  try {
    accessSync(program, constants.R_OK);
    accessSync(process.execPath, constants.X_OK);
    return true;
  } catch {
    return false;
  } finally {
    process.seteuid!(0);
  }
}

const readable = readableByAll();

describe('rezolus doctor', () => {
  it.skipIf(!isRoot)('says as root what works', async () => {
    const { stdout, code } = await run('doctor', '--json');
    const diagnosis = diagnosisOf(stdout);
    const { machine, samplers } = diagnosis;
    const expected = (await builtInDefinitions()).map(({ definition }) => definition.name);
    expect(samplers.map(({ sampler }) => sampler)).toEqual(expected);
    const wrong = samplers.filter(({ verdict }) => verdict === 'denied' || verdict === 'failed');
    expect(wrong).toEqual([]);
    expect(code).toBe(0);
    const syscalls = verdictOf(diagnosis, 'syscall_counts');
    const kind = machine.btf_bytes === null ? 'raw_tp' : 'tp_btf';
    expect(syscalls).toMatchObject({ verdict: 'works', route: `${kind}/sys_enter`, remedy: null });
    expect(verdictOf(diagnosis, 'memory_meminfo').route).toBe('/proc/meminfo');
    const hasPmu = machine.pmus.some((name) => /^(cpu|armv)/.test(name));
    if (!hasPmu)
      expect(verdictOf(diagnosis, 'cpu_perf')).toMatchObject({
        verdict: 'unsupported',
        code: 'REZ_ERR_UNSUPPORTED',
      });
  });

  it.skipIf(!readable)(
    'says without rights what would work with them (root, and sources that all can read)',
    async () => {
      const child = spawn(process.execPath, [program, 'doctor', '--json'], {
        uid: nobody,
        gid: nobody,
        env: { PATH: process.env.PATH, HOME: '/nonexistent' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
      const diagnosis = diagnosisOf(await text(child.stdout!));
      expect(await ended).toBe(1);
      expect(diagnosis.machine).toMatchObject({ uid: nobody, capabilities: [] });
      const syscalls = verdictOf(diagnosis, 'syscall_counts');
      expect(syscalls).toMatchObject({ verdict: 'denied', code: 'REZ_ERR_BPF_PERMISSION' });
      expect(syscalls.route).toMatch(/^(tp_btf|raw_tp)\/sys_enter$/);
      expect(syscalls.remedy).toContain('CAP_BPF and CAP_PERFMON');
      expect(verdictOf(diagnosis, 'memory_meminfo').verdict).toBe('works');
    },
  );

  it.skipIf(!isRoot)('names the other route where the first one is taken away', async () => {
    const { definition, plugin } = (await builtInDefinitions()).find(
      (one) => one.definition.name === 'syscall_counts',
    )!;
    const registry = new SamplerRegistry();
    registry
      .for({ name: plugin, version: '1', abi: 1, samplers: [definition.name], builtIn: true })
      .add(definition);
    const findings = await examine({
      config: parseConfig('', 'agent.toml', agentConfigSchema([])),
      machine: { ...(await readMachine()), btf_bytes: null },
      registry,
      bpf: createBpfLoader(silentLogger, ['tp_btf']),
    });
    expect(findings.find(({ sampler }) => sampler === definition.name)).toMatchObject({
      verdict: 'works',
      route: 'raw_tp/sys_enter',
    });
  });

  it.skipIf(!isRoot)(
    'tries installed plugins in their own processes, and keeps to the configuration',
    async () => {
      using folder = new TemporaryFolder();
      // Its process is another user's.
      chmodSync(folder.path, 0o755);
      const env = { REZOLUS_DATA_DIR: folder.path };
      const rezolus = (...args: string[]) => new Rezolus(args, env).finished();
      const tarball = packExample('rezolus-plugin-pagefault', folder.path);
      expect(await rezolus('plugins', 'install', tarball)).toMatchObject({ code: 0 });
      const off = folder.file(
        'agent.toml',
        '[defaults]\nenabled = false\n[samplers.pagefault_counts]\nenabled = true\n',
      );
      const { stdout, code, stderr } = await rezolus('doctor', off, '--json');
      expect(stderr).toBe('');
      const { samplers } = diagnosisOf(stdout);
      const pagefault = samplers.find(({ sampler }) => sampler === 'pagefault_counts')!;
      expect(pagefault.plugin).toBe('rezolus-plugin-pagefault');
      expect(['works', 'unsupported'], pagefault.missing).toContain(pagefault.verdict);
      expect(samplers.filter(({ verdict }) => verdict === 'disabled').length).toBe(samplers.length - 1);
      expect(code).toBe(0);
      expect(await rezolus('agent', off, '--check')).toMatchObject({ code: 0, stderr: '' });
      const [file] = globSync(`${folder.path}/plugins/**/rezolus-plugin-pagefault/dist/register.js`);
      appendFileSync(file!, '// other code');
      const tampered = await rezolus('agent', off, '--check');
      expect(tampered.code).toBe(2);
      expect(tampered.stderr).toContain('[REZ_ERR_PLUGIN_INTEGRITY]');
    },
  );

  it('exits 2 where there is no diagnosis', async () => {
    expect(await run('doctor', '/nonexistent.toml')).toMatchObject({ code: 2, stdout: '' });
    expect(await run('doctor', '--no-such-flag')).toMatchObject({ code: 2 });
  });
});

describe('rezolus agent --check', () => {
  it('binds nothing, and exits 2 where the agent would not start', async () => {
    using folder = new TemporaryFolder();
    const config = (text: string) => folder.file('agent.toml', text);
    // Nobody may listen there; nobody is asked to.
    const fine = config('[general]\nlisten = "192.0.2.1:1"\n');
    expect(await run('agent', fine, '--check')).toMatchObject({ code: 0, stderr: '' });
    const noFile = config('[general]\nweb_config_file = "/nonexistent.yml"\n');
    expect(await run('agent', noFile, '--check')).toMatchObject({ code: 2, stdout: '' });
    expect(await run('agent', config('[general]\nlissten = ""\n'), '--check')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean "listen"?'),
    });
  });
});
