import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { SamplerStatus } from '@rezolus/core';
import { UnsupportedError } from '@rezolus/core';
import { parseConfig } from '@rezolus/core/config';
import { describe, expect, it } from 'vitest';
import { agentConfigSchema } from '../src/config-file.ts';
import {
  doctorExitCode,
  examine,
  type Finding,
  findingOf,
  type Machine,
  readMachine,
  renderDiagnosis,
} from '../src/doctor/index.ts';
import { capabilitiesOf, cgroupsOf } from '../src/doctor/machine.ts';
import { definition, noBpf, registryOf } from './fakes.ts';

const all = capabilitiesOf((1n << 41n) - 1n);
const machine: Machine = {
  kernel: '6.12.0',
  arch: 'x64',
  btf_bytes: 5_000_000,
  cgroups: 'v2',
  lockdown: 'none',
  perf_event_paranoid: 2,
  unprivileged_bpf_disabled: 2,
  tracefs: '/sys/kernel/tracing',
  pmus: ['cpu', 'software'],
  libbpf: 'v1.5',
  libbpf_error: null,
  uid: 0,
  capabilities: all,
  missing_capabilities: [],
  user_namespace: false,
  seccomp: false,
  memlock_bytes: 8_388_608,
};
const routes = [
  { route: 'tp_btf/x', needs: 'kernel BTF' },
  { route: 'raw_tp/x', needs: 'BPF' },
];
const denied: SamplerStatus = {
  name: 'x',
  state: 'failed',
  code: 'REZ_ERR_BPF_PERMISSION',
  error: 'BPF object x was refused: operation not permitted: is BPF in your kernel?',
};
const perfDenied: SamplerStatus = {
  name: 'p',
  state: 'failed',
  code: 'REZ_ERR_PERF_PERMISSION',
  error: 'no',
};
const judge = (status: SamplerStatus, of: Partial<Machine> = {}) =>
  findingOf(status, routes, { ...machine, ...of });

describe('readMachine', () => {
  it('says what the machine says', async () => {
    const command = (...args: string[]) => execFileSync(args[0]!, args.slice(1), { encoding: 'utf8' }).trim();
    const { kernel, uid, capabilities, missing_capabilities, pmus, memlock_bytes } = await readMachine();
    expect(kernel).toBe(command('uname', '-r'));
    expect(uid).toBe(Number(command('id', '-u')));
    expect(pmus.join('\n')).toBe(
      command('sh', '-c', 'LC_ALL=C ls /sys/bus/event_source/devices 2>/dev/null || true'),
    );
    const memlock = command('sh', '-c', 'ulimit -l');
    expect(memlock_bytes).toBe(memlock === 'unlimited' ? null : Number(memlock) * 1024);
    const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'));
    expect(new Set([...capabilities, ...missing_capabilities]).size).toBe(last + 1);
  });

  it('knows capabilities by the numbers of the kernel and cgroups by their mounts', () => {
    expect(capabilitiesOf(0xc0_0000_0000n)).toEqual(['CAP_PERFMON', 'CAP_BPF']);
    expect(capabilitiesOf(1n | (1n << 21n) | (1n << 60n))).toEqual(['CAP_CHOWN', 'CAP_SYS_ADMIN', 'CAP_60']);
    const v1 = 'cpu /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n';
    const v2 = 'cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n';
    expect([v1, v2, v1 + v2, ''].map(cgroupsOf)).toEqual(['v1', 'v2', 'hybrid', null]);
  });
});

describe('findingOf', () => {
  it.each<[string, SamplerStatus, Partial<Machine>, RegExp]>([
    ['capabilities', denied, { capabilities: [], uid: 1 }, /grant CAP_BPF and CAP_PERFMON/],
    ['one capability', denied, { capabilities: ['CAP_BPF'] }, /grant CAP_PERFMON:/],
    ['a user namespace', denied, { user_namespace: true }, /user namespace/],
    ['lockdown', denied, { lockdown: 'confidentiality' }, /lockdown=integrity/],
    ['seccomp', denied, { seccomp: true }, /seccomp/],
    ['a security module', denied, {}, /audit log/],
    ['perf_event_paranoid', perfDenied, { perf_event_paranoid: 3 }, /kernel\.perf_event_paranoid=2/],
    ['the library', { name: 'x', state: 'failed', code: 'REZ_ERR_BPF_LIBRARY', error: 'no' }, {}, /libbpf1/],
  ])('names the remedy for what %s refuses', (_, status, of, remedy) => {
    expect(judge(status, of).remedy).toMatch(remedy);
  });

  it('says by which route one would measure that is denied', () => {
    const of = { capabilities: [] };
    expect(judge(denied, of)).toMatchObject({ verdict: 'denied', route: 'tp_btf/x' });
    expect(judge(denied, { ...of, btf_bytes: null })).toMatchObject({ verdict: 'denied', route: 'raw_tp/x' });
  });

  it('takes a machine without a PMU for the reason where events are denied', () => {
    expect(judge(perfDenied, { pmus: ['software'] })).toMatchObject({ verdict: 'unsupported' });
  });

  it('tells what the kernel lacks from what is broken', () => {
    const program = { name: 'p', attached: false, intent: { type: 'required' }, expected: true } as const;
    const active = { name: 'x', state: 'active', route: 'r' } as const;
    const broken = { ...program, verdict: 'broken', error: 'p cannot be attached: no memory' } as const;
    expect(judge({ ...active, health: 'healthy' }).verdict).toBe('works');
    expect(judge({ ...active, health: 'unsupported', programs: [] }).verdict).toBe('partly');
    expect(judge({ ...active, health: 'degraded', programs: [broken] }).verdict).toBe('failed');
    const refused = { ...broken, error: 'p cannot be attached: operation not permitted' };
    expect(judge({ ...active, health: 'degraded', programs: [refused] }).verdict).toBe('denied');
    expect(judge({ name: 'x', state: 'disabled' })).toMatchObject({ verdict: 'disabled', remedy: null });
    const lacking = findingOf(
      { name: 'x', state: 'disabled', health: 'unsupported', error: 'no BTF' },
      routes.slice(0, 1),
      { ...machine, btf_bytes: null },
    );
    expect(lacking.remedy).toBe('Needs kernel BTF. Boot a kernel with CONFIG_DEBUG_INFO_BTF=y.');
  });
});

describe('examine', () => {
  it('tries one sampler after the other, and each is over before the next', async () => {
    let running = 0;
    let most = 0;
    const counted = (name: string) =>
      definition(name, (_, counting) => {
        most = Math.max(most, ++running);
        return {
          ...counting,
          refresh: () => counting.refresh(1),
          [Symbol.asyncDispose]: async () => void running--,
        };
      });
    const config = parseConfig(
      '[samplers.off]\nenabled = false',
      'agent.toml',
      agentConfigSchema([definition('off')]),
    );
    const findings = await examine({
      config,
      machine,
      bpf: noBpf,
      registry: registryOf(
        counted('a'),
        counted('b'),
        definition('bpf', ({ bpf }) => bpf.open(null as never) as never),
        definition('lacks', () => {
          throw new UnsupportedError('gpu', 'no GPU');
        }),
        definition('throws', () => {
          throw new Error('a fault');
        }),
        definition('reads', (_, counting) => ({
          ...counting,
          refresh: () => Promise.reject(new Error('late')),
        })),
        definition('off'),
      ),
    });
    const verdicts = Object.fromEntries(findings.map(({ sampler, verdict }) => [sampler, verdict]));
    expect(verdicts).toMatchObject({
      a: 'works',
      b: 'works',
      bpf: 'unsupported',
      lacks: 'unsupported',
      off: 'disabled',
      reads: 'failed',
      throws: 'failed',
    });
    expect({ running, most }).toEqual({ running: 0, most: 1 });
  });
});

describe('renderDiagnosis', () => {
  const render = (samplers: readonly Finding[], of: Partial<Machine> = {}) =>
    renderDiagnosis({ version: '1', machine: { ...machine, ...of }, samplers });

  it('keeps to 80 columns and says each remedy once', () => {
    const findings = ['one', 'two', 'three'].map((name) => ({
      ...judge({ ...denied, name }, { capabilities: [] }),
      route: 'tp_btf/some_hook, '.repeat(20).trim(),
    }));
    const text = render(findings, { capabilities: all.slice(0, 30), missing_capabilities: all.slice(30) });
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(text.match(/Run it as root/g)).toHaveLength(1);
    expect(text).toContain('For one, two, three.');
    expect(text).not.toContain('is BPF in your kernel');
    expect(text).toContain('all but CAP_BLOCK_SUSPEND'.replace('BLOCK_SUSPEND', all[30]!.slice(4)));
  });

  it('prints no control characters of strangers', () => {
    const text = render([judge({ name: '\u001b[31mred', state: 'failed', error: 'a\u0007b' })]);
    expect(text).not.toMatch(/[^\P{C}\n]/u);
  });

  it('exits 1 where something does not work that should', () => {
    const code = (...samplers: Finding[]) => doctorExitCode({ version: '1', machine, samplers });
    const lacks = judge({ name: 'x', state: 'disabled', health: 'unsupported', error: 'no GPU' });
    expect(code(lacks, judge({ name: 'y', state: 'disabled' }))).toBe(0);
    expect(code(lacks, judge(denied))).toBe(1);
  });
});
