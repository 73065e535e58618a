import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { BpfObjectSpec } from '@rezolus/core';
import { loadProgram } from '@rezolus/devkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { checks } from './checks/index.ts';
import { fetchKernel, KernelUnavailable } from './debian.ts';
import { checkoutArchive, plugins } from './initramfs.ts';
import type { Counted, SamplerReport } from './report.ts';
import { legacyCgroups } from './variants.ts';
import { type Run, runGuest } from './vm.ts';

const root = new URL('../../', import.meta.url);

const kernels = [
  { name: 'Debian 6.1', package: /^linux-image-6\.1\.\d[\d.-]*-amd64$/ },
  { name: 'Debian 6.12-cloud', package: /^linux-image-6\.12\.\d[^-]*-cloud-amd64$/ },
];

/** Samplers of hardware that the emulated machine does not have: to them it must say so, and no more. */
const hardware = /^(network_ethtool|drivehealth|gpu_\w+|cpu_(branch|dtlb|frequency|l3|perf))$/;

const samplers = plugins()
  .flatMap((folder): string[] => {
    const { rezolus } = JSON.parse(readFileSync(new URL(`${folder}/package.json`, root), 'utf8'));
    return rezolus.samplers;
  })
  .sort();

/** What is declared per CPU and comes without a PMU, by metric. */
const softwarePerCpu = [
  'cpu_migrations',
  'cpu_tlb_flush',
  'cpu_usage',
  'cpu_usage_exited_tasks',
  'hardirq',
  'hardirq_time',
  'scheduler_context_switch',
  'scheduler_cpu_runqueue_latency',
  'scheduler_discarded_samples',
  'scheduler_idle_exit',
  'scheduler_runqueue_wait',
  'softirq',
  'softirq_time',
];
const movedByLoad = [
  'cpu_usage system',
  'scheduler_context_switch voluntary',
  'scheduler_cpu_runqueue_latency',
  'scheduler_idle_exit',
  'scheduler_runqueue_wait',
  'softirq sched',
];
const metricOf = (series: string) => series.split(' ')[0]!;

/** Hooks that were attached on any kernel. */
const attached = new Set<string>();
const runs = new Map<string, Promise<Run>>();

describe.each(kernels)('$name', ({ name }) => {
  let run: Run | undefined;
  let unavailable = '';

  beforeAll(async () => {
    try {
      run = await runOf(name);
    } catch (error) {
      if (!(error instanceof KernelUnavailable)) throw error;
      unavailable = error.message;
      return;
    }
    for (const report of run.reports) {
      if (report.kind === 'sampler') for (const hook of report.attached) attached.add(hook);
    }
  });

  const reportsOf = (context: { skip(reason: string): never }) => {
    if (run === undefined) return context.skip(unavailable);
    return run.reports;
  };

  it('boots, runs all samplers and ends', (context) => {
    const end = reportsOf(context).find(({ kind }) => kind === 'end');
    expect(end, run?.console).toBeDefined();
    console.log(summary(run!));
  });

  it.for(samplers)('%s counts a known load by each of its routes', (sampler, context) => {
    const reports = reportsOf(context).filter(
      (report) => report.kind === 'sampler' && report.sampler === sampler,
    ) as SamplerReport[];
    const [plain, ...forced] = reports;
    expect(plain, `no report, the console says: ${run?.console}`).toBeDefined();
    if (hardware.test(sampler) && plain!.health !== 'healthy') {
      expect(plain).toMatchObject({ health: 'unsupported', said: [expect.stringContaining(' ')] });
      return;
    }
    expect(Object.keys(checks), `${sampler} has no check in tests/kernels/checks`).toContain(sampler);
    expect(plain).toMatchObject({ state: 'active', health: 'healthy' });
    expect([plain, ...forced].flatMap((report) => faults(report!))).toEqual([]);
  });

  it('refuses nothing that nobody has probed for', (context) => {
    expect(reportsOf(context).filter(({ kind }) => kind === 'refusal')).toEqual([]);
  });

  it.for(legacyCgroups)('%s counts with cgroup v1', (sampler, context) => {
    const legacy = reportsOf(context).filter(
      (report) =>
        report.kind === 'sampler' && report.sampler === sampler && report.without[0] === 'cgroup v2',
    ) as SamplerReport[];
    expect(legacy, run?.console).toMatchObject([{ state: 'active', health: 'healthy' }]);
    expect(faults(legacy[0]!)).toEqual([]);
  });

  it('runs with CAP_BPF and CAP_PERFMON alone what docs/operations.md says', (context) => {
    const reports = reportsOf(context).filter((report) => report.kind === 'unprivileged');
    expect(reports.map(({ sampler }) => sampler).sort()).toEqual(samplers);
    const lacking = reports.filter(({ sampler, health }) => health !== 'healthy' && !hardware.test(sampler));
    expect(lacking).toEqual([]);
    // Debian's kernels start with kernel.perf_event_paranoid at 3.
    const perf = reports.find(({ sampler }) => sampler === 'cpu_perf');
    expect(perf?.said.join()).toContain('perf_event_paranoid');
  });

  it('has no counter that runs backwards while a CPU goes and comes back', (context) => {
    const hotplug = reportsOf(context).find((report) => report.kind === 'hotplug');
    expect(hotplug, run?.console).toMatchObject({ backwards: [], vanished: [], lost: [], error: null });
    expect(hotplug!.compared).toBeGreaterThan(1000);
    // Every metric that is declared per CPU and measured without a PMU, and of each what the load moves.
    expect(new Set(hotplug!.perCpu.map(metricOf))).toEqual(new Set(softwarePerCpu));
    expect(hotplug!.grown).toEqual(expect.arrayContaining(movedByLoad));
  });
});

describe('on one of the kernels', () => {
  it('each BPF program that we ship was attached', async (context) => {
    if (attached.size === 0) return context.skip('no kernel was booted');
    const hooks = (await Promise.all(plugins().map(hooksOf))).flat();
    expect(hooks.filter((hook) => !attached.has(hook))).toEqual([]);
  });
});

/** The run of a kernel. All are started with the first one: a guest is busy on one CPU at a time. */
function runOf(kernel: string): Promise<Run> {
  const archive = lazily(() => checkoutArchive([loadProgram()]));
  for (const { name, package: pattern } of kernels) {
    if (runs.has(name)) continue;
    const run = (async () => runGuest(fetchKernel(pattern), archive()))();
    // Whoever awaits it is told of a failure; until then nobody need hear of it.
    run.catch(() => {});
    runs.set(name, run);
  }
  return runs.get(kernel)!;
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** A line per sampler and route, and the times. */
function summary({ kernel, reports, seconds }: Run): string {
  const lines = reports.map((report) => {
    if (report.kind === 'end') return `Node after ${report.began} s, all done after ${report.ended} s`;
    if (report.kind === 'hotplug') return `hotplug: ${report.compared} values compared, ${report.ms} ms`;
    if (report.kind === 'refusal') return `refused without ${report.without.join(', ')}: ${report.said}`;
    if (report.kind === 'unprivileged') {
      const { sampler, health, state, said } = report;
      return `${sampler} without root: ${[health ?? state, ...said].join('; ')}`;
    }
    const { sampler, without, health, state, route, programs, attached, counted, said, ms } = report;
    const how = without.length === 0 ? sampler : `${sampler} without ${without.join(', ')}`;
    const what = counted?.map((entry) => `${entry.counted} ${entry.what}`) ?? said;
    const hooks = programs === 0 ? '' : `, ${attached.length} of ${programs} programs attached`;
    return `${how}: ${health ?? state}${hooks}, ${ms} ms, by ${route ?? 'nothing'}: ${what.join(', ')}`;
  });
  return [`${kernel}: ${seconds.toFixed(1)} s`, ...lines].join('\n  ');
}

/** What is wrong with a report, a sentence each. A route may be missing, with a reason; where it is taken it counts. */
function faults({ sampler, without, state, health, said, drops, counted, error }: SamplerReport): string[] {
  const which = without.length === 0 ? sampler : `${sampler} without ${without.join(', ')}`;
  if (error !== null) return [`${which}: ${error}`];
  if (health === 'unsupported')
    return said.length > 0 ? [] : [`${which}: is unsupported and does not say why`];
  if (state !== 'active' || health !== 'healthy')
    return [`${which}: ${state}, ${health}: ${said.join('; ')}`];
  if (counted === null) return [`${which}: was not checked`];
  const lost = Object.entries(drops).filter(([, count]) => count > 0);
  return [
    ...lost.map(([reason, count]) => `${which}: lost ${count} ${reason}`),
    ...counted
      .filter((entry) => !isRight(entry))
      .map(({ what, counted: value, least, most }) => `${which}: ${value} ${what}, not ${least} to ${most}`),
  ];
}

function isRight({ counted, least, most }: Counted): boolean {
  return counted >= least && counted <= most;
}

/** The hooks of all BPF programs of a plugin, but for those that are run on demand (iterators). */
async function hooksOf(folder: string): Promise<string[]> {
  const generated = new URL(`${folder}/src/gen/`, root);
  const hooks: string[] = [];
  if (!existsSync(generated)) return hooks;
  for (const file of readdirSync(generated).filter((name) => name.endsWith('.bpf.ts'))) {
    const specs: Record<string, BpfObjectSpec> = await import(new URL(file, generated).href);
    for (const { programs } of Object.values(specs)) {
      hooks.push(...Object.values(programs).map(({ section }) => section));
    }
  }
  return hooks.filter((hook) => !hook.startsWith('iter/'));
}
