/** What runs in the guest: every sampler of every plugin, by each of its routes, one JSON line per result. */
import { readdirSync, readFileSync } from 'node:fs';
import {
  type Logger,
  RezolusError,
  type SamplerDefinition,
  type SamplerStatus,
  type SamplersHook,
  sentence,
} from '@rezolus/core';
import { Harness } from '@rezolus/devkit';
import { useLegacyCgroups } from './checks/check.ts';
import { checks } from './checks/index.ts';
import { hotplug } from './hotplug.ts';
import type { Report, SamplerReport } from './report.ts';
import { unprivileged } from './unprivileged.ts';
import { legacyCgroups, variants } from './variants.ts';

const packages = '/rezolus/packages';

function say(report: Report): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

function uptime(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
}

/** The definitions that a plugin registers. */
async function definitionsOf(folder: string): Promise<SamplerDefinition[]> {
  const manifest = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const register: SamplersHook = (await import(`${folder}/${manifest.oclif.hooks['rezolus:samplers']}`))
    .default;
  const definitions: SamplerDefinition[] = [];
  await register({
    registrar: { add: (definition) => definitions.push(definition) },
    abi: manifest.rezolus.abi,
  });
  return definitions;
}

function attachedHooks(status: SamplerStatus): string[] {
  return (status.programs ?? []).filter(({ attached }) => attached).map(({ name, label }) => label ?? name);
}

/** The log of a harness in which refusals are reported; a lack that a sampler has probed for is none. */
function refusals(without: readonly string[]): Logger {
  const judge = (fields: { code?: string; err?: unknown }, message: string) => {
    const { err } = fields;
    const code = err instanceof RezolusError ? err.code : fields.code;
    if ((code === undefined && err === undefined) || code?.endsWith('_UNSUPPORTED')) return;
    say({ kind: 'refusal', without, said: err === undefined ? message : `${message}: ${sentence(err)}` });
  };
  return { debug: judge, info: judge, warn: judge, error: judge };
}

async function tryOut(harness: Harness, sampler: string, without: readonly string[]): Promise<SamplerReport> {
  const began = performance.now();
  const status = harness.status(sampler);
  const check = checks[sampler];
  let counted: SamplerReport['counted'] = null;
  let error: string | null = null;
  try {
    if (status.health === 'healthy') counted = (await check?.(harness)) ?? null;
  } catch (cause) {
    error = sentence(cause);
  }
  const { state, health, route, drops = {} } = harness.status(sampler);
  return {
    kind: 'sampler',
    sampler,
    without,
    state,
    health: health ?? null,
    route: route ?? null,
    programs: status.programs?.length ?? 0,
    attached: attachedHooks(status),
    said: [
      ...(status.error === undefined ? [] : [status.error]),
      ...(status.programs ?? []).flatMap(({ error }) => error ?? []),
      ...(status.missing ?? []),
    ],
    drops,
    counted,
    error,
    ms: Math.round(performance.now() - began),
  };
}

/** Tries a plugin as it is, and then without each kind of hook that it used, one route after the other. */
async function tryPlugin(definitions: readonly SamplerDefinition[]): Promise<void> {
  const tried = new Set<string>();
  const used = new Set<string>();
  for (const without of variants) {
    if (without.length > 0 && !without.some((kind) => used.has(kind))) continue;
    await using harness = await Harness.start(definitions, { without, logger: refusals(without) });
    for (const { name } of definitions) {
      const status = harness.status(name);
      const hooks = attachedHooks(status);
      for (const hook of hooks) used.add(hook.split('/')[0]!);
      const way = `${name} ${status.state} ${status.route} ${hooks}`;
      if (tried.has(way)) continue;
      tried.add(way);
      say(await tryOut(harness, name, without));
    }
  }
}

/** Tries samplers that read cgroups with the cpu controller where cgroup v1 has it. */
async function tryLegacyCgroups(definitions: readonly SamplerDefinition[]): Promise<void> {
  const without = ['cgroup v2'];
  await useLegacyCgroups();
  await using harness = await Harness.start(definitions, { logger: refusals(without) });
  for (const { name } of definitions) say(await tryOut(harness, name, without));
}

const began = uptime();
const plugins: SamplerDefinition[][] = [];
for (const folder of readdirSync(packages).filter((name) => name.startsWith('plugin-'))) {
  plugins.push(await definitionsOf(`${packages}/${folder}`));
}
for (const definitions of plugins) await tryPlugin(definitions);
say(await hotplug(plugins));
await tryLegacyCgroups(plugins.flat().filter(({ name }) => legacyCgroups.includes(name)));
for (const report of await unprivileged(plugins)) say(report);
say({ kind: 'end', began, ended: uptime() });
