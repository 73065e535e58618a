import { setTimeout as delay } from 'node:timers/promises';
import { defaultOptions, type Logger, RezolusError, type SamplerStatus } from '@rezolus/core';
import { SnapshotDecoder } from '@rezolus/exposition';
import { enableStats } from '@rezolus/libbpf';
import type { InstalledPlugin } from './definitions.ts';
import type { PluginLimits } from './limits.ts';
import type { ProgramRuns } from './messages.ts';
import { PluginProcess } from './process.ts';
import { statusesOf } from './status.ts';

/** ProgramCost: what a BPF program took of the machine while it was looked at. */
export interface ProgramCost {
  readonly program: string;
  readonly runs_per_second: number;
  /** Null where it did not run. */
  readonly ns_per_run: number | null;
}

/** Measured: what a plugin does on this machine, of a moment in which it ran. */
export interface Measured {
  readonly samplers: readonly SamplerStatus[];
  readonly programs: readonly ProgramCost[];
  readonly series: number;
  /** Of one refresh of all its samplers, the way to its process and back included, us. */
  readonly refresh_us: number;
  readonly rss_bytes: number;
}

/**
 * measurePlugin: runs all samplers of a plugin with default options in a process of its own for `ms` milliseconds and
 * says what they take. Throws as the process ends, and REZ_ERR_BPF_PERMISSION where there are BPF programs that may not
 * be measured.
 */
export async function measurePlugin(
  { entry, definitions }: InstalledPlugin,
  limits: PluginLimits,
  log: Logger,
  ms: number,
): Promise<Measured> {
  const process = new PluginProcess({ plugin: entry, limits, log, mayAttach: true });
  const timer = setTimeout(() => {
    const text = `${entry.manifest.name} did not answer within ${limits.start_timeout} ms`;
    process.kill(new RezolusError('REZ_ERR_SAMPLER_TIMEOUT', text));
  }, limits.start_timeout + ms);
  let tick = 0;
  const refresh = async () => {
    const { message, body } = await process.ask({ kind: 'refresh', tick: ++tick });
    if (message.kind !== 'refreshed') throw answeredElse();
    return { statuses: message.samplers, body };
  };
  const costs = async () => {
    const { message } = await process.ask({ kind: 'costs' });
    if (message.kind !== 'costs') throw answeredElse();
    return message.programs;
  };
  try {
    const samplers = Object.fromEntries(
      definitions.map(({ name, options = {} }) => [name, defaultOptions(options)]),
    );
    await process.begin({ task: 'run', samplers });
    const { body } = await refresh();
    using _stats = (await costs()).length > 0 ? enableStats() : null;
    const before = await costs();
    const began = performance.now();
    await delay(ms);
    const after = await costs();
    const asked = performance.now();
    const { statuses } = await refresh();
    const refresh_us = Math.round((performance.now() - asked) * 1000);
    const { groups } = new SnapshotDecoder().decode(body);
    return {
      samplers: [...statusesOf(statuses, samplers).values()],
      programs: after.map((cost, index) => costOf(cost, before[index], (asked - began) / 1000)),
      series: groups.reduce(
        (sum, { counters, gauges, histograms }) => sum + counters.length + gauges.length + histograms.length,
        0,
      ),
      refresh_us,
      rss_bytes: process.look(),
    };
  } finally {
    clearTimeout(timer);
    await process.stop();
  }
}

function answeredElse(): RezolusError {
  return new RezolusError('REZ_ERR_PLUGIN_DATA', 'the plugin answered something else');
}

function costOf(now: ProgramRuns, before: ProgramRuns | undefined, seconds: number): ProgramCost {
  const runs = now.runs - (before?.runs ?? 0);
  const ns = now.ns - (before?.ns ?? 0);
  return {
    program: now.program,
    runs_per_second: Math.round(runs / seconds),
    ns_per_run: runs > 0 ? Math.round(ns / runs) : null,
  };
}
