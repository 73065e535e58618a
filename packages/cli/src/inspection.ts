import { type Described, describePlugin, type Measured, measurePlugin } from '@rezolus/containment';
import { defaultPluginLimits, type OpenPlugin, type Stored } from '@rezolus/containment/store';
import type { Logger } from '@rezolus/core';

/** Inspection: what `plugins inspect` shows. */
export interface Inspection {
  readonly plugin: Stored;
  readonly samplers: readonly Described[];
  /** What it may not register, and why. */
  readonly refused: readonly string[];
  /** Null where this is not root's command. */
  readonly measured: Measured | null;
}

/** inspection: asks a plugin what it registers and, as root, runs it for a moment. Throws as its process ends. */
export async function inspection(
  { stored, entry, root }: OpenPlugin,
  ms: number,
  log: Logger,
): Promise<Inspection> {
  const description = await describePlugin(entry, defaultPluginLimits, log);
  const isRoot = process.geteuid!() === 0;
  return {
    plugin: stored,
    samplers: description.definitions,
    refused: description.refusals.map(({ message }) => message),
    measured: isRoot
      ? await measurePlugin({ entry, root, ...description }, defaultPluginLimits, log, ms)
      : null,
  };
}

/** renderInspection: an inspection as text. Control characters are replaced: it is a stranger's. */
export function renderInspection({ plugin, samplers, refused, measured }: Inspection): string {
  const lines = [`${plugin.name} ${plugin.version}`, `  ${plugin.integrity}`, `  from ${plugin.source}`];
  for (const sampler of samplers) {
    lines.push('', `sampler ${sampler.name}: ${sampler.description}`);
    for (const { route, needs } of sampler.routes ?? []) lines.push(`  route ${route}, needs ${needs}`);
    for (const [key, option] of Object.entries(sampler.options ?? {}))
      lines.push(`  option ${key} = ${JSON.stringify(option.default)}: ${option.description}`);
    for (const group of sampler.groups) {
      for (const { name, kind, unit, labels, description } of group.metrics) {
        const series = `${name}${labels === undefined ? '' : ` ${JSON.stringify(labels)}`}`;
        lines.push(
          `  ${kind} ${series}${unit === undefined ? '' : ` in ${unit}`}, per ${group.per}: ${description}`,
        );
      }
    }
    if (measured !== null) lines.push(...stateOf(sampler.name, measured));
  }
  for (const reason of refused) lines.push('', `refused: ${reason}`);
  lines.push('', ...(measured === null ? ['hooks and cost: run this as root'] : costOf(measured)));
  return lines.join('\n').replace(/[^\P{C}\n]/gu, '\ufffd');
}

function stateOf(name: string, { samplers }: Measured): string[] {
  const status = samplers.find((one) => one.name === name);
  if (status === undefined) return [];
  if (status.state !== 'active') return [`  here: ${status.state}: ${status.error}`];
  const hooks = (status.programs ?? []).map(
    (program) => `  hook ${program.label ?? program.name}: ${program.attached ? 'attached' : program.error}`,
  );
  return [...(status.route ? [`  here: by ${status.route}`] : []), ...hooks];
}

function costOf({ programs, series, refresh_us, rss_bytes }: Measured): string[] {
  const capabilities =
    programs.length > 0 ? 'CAP_BPF and CAP_PERFMON until its programs are attached' : 'none';
  return [
    `capabilities: ${capabilities}`,
    `cost: ${series} series, ${refresh_us} us per refresh, ${Math.round(rss_bytes / 2 ** 20)} MiB for its process`,
    ...programs.map(({ program, runs_per_second, ns_per_run }) =>
      ns_per_run === null
        ? `  program ${program} did not run`
        : `  program ${program}: ${ns_per_run} ns per run, ${runs_per_second} runs per second`,
    ),
  ];
}
