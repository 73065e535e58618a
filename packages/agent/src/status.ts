import {
  formatDuration,
  type ProgramStatus,
  RezolusError,
  type SamplerHealth,
  type SamplerStatus,
} from '@rezolus/core';
import { endpointText, HttpClient, parseEndpoint } from '@rezolus/core/http';
import type { PluginCost } from './overhead/observer.ts';

/** AgentStatus: the body of `/status`; the original's fields. */
export interface AgentStatus {
  readonly version: string;
  /** Whole seconds. */
  readonly uptime_seconds: number;
  /** Whole seconds: the default of 10 ms is 0. */
  readonly ttl_seconds: number;
  /** The same exactly; ours, the original has whole seconds only. */
  readonly ttl_ms?: number;
  readonly samplers: readonly SamplerStatus[];
  /** What the BPF programs of each plugin cost; not in the original's status. */
  readonly plugins?: readonly PluginCost[];
}

/** FetchedStatus: the parsed status and the body as it came. */
export interface FetchedStatus {
  readonly status: AgentStatus;
  readonly body: string;
}

const timeoutMs = 5000;

/**
 * fetchStatus: asks an agent for its status; `url` is the agent's base URL as `parseEndpoint` takes it, `httpConfigFile`
 * has the credentials, if there are any. Throws REZ_ERR_ENDPOINT_UNREACHABLE, _DENIED and _RESPONSE, and REZ_ERR_CONFIG_*
 * for the file.
 */
export async function fetchStatus(url: string, httpConfigFile = ''): Promise<FetchedStatus> {
  const target = statusUrl(url);
  using client = await HttpClient.open(target, httpConfigFile);
  const response = await client.get(target, timeoutMs);
  const shown = endpointText(target);
  if (response.status !== 200) {
    throw new RezolusError('REZ_ERR_ENDPOINT_RESPONSE', `${shown} answered ${response.status}`);
  }
  const body = new TextDecoder().decode(response.body);
  return { status: parseStatus(body, shown), body };
}

/** parseStatus: the body of `/status`; `source` is named in errors. Throws REZ_ERR_ENDPOINT_RESPONSE. */
export function parseStatus(body: string, source: string): AgentStatus {
  let status: Partial<AgentStatus> | null;
  try {
    status = JSON.parse(body);
  } catch (cause) {
    throw new RezolusError('REZ_ERR_ENDPOINT_RESPONSE', `${source} did not answer with JSON`, { cause });
  }
  if (!isStatus(status)) {
    throw new RezolusError('REZ_ERR_ENDPOINT_RESPONSE', `the answer of ${source} is not an agent's status`);
  }
  return status;
}

/** healthOfSampler: the summary of one sampler, null for one that is disabled, which is not counted. */
export function healthOfSampler({ state, health }: SamplerStatus): SamplerHealth | null {
  if (state === 'failed') return 'failed';
  if (state === 'disabled') return health ?? null;
  return health ?? 'healthy';
}

/** countHealth: how many samplers are in each health, in the order in which they are reported. */
export function countHealth(samplers: readonly SamplerStatus[]): Record<SamplerHealth, number> {
  const counts = { healthy: 0, unsupported: 0, degraded: 0, failed: 0 };
  for (const sampler of samplers) {
    const health = healthOfSampler(sampler);
    if (health !== null) counts[health]++;
  }
  return counts;
}

/** countsLine: the counts as a sentence: `3 healthy, 1 unsupported, 0 degraded, 0 failed`. */
export function countsLine(samplers: readonly SamplerStatus[]): string {
  const counts = Object.entries(countHealth(samplers));
  return counts.map(([health, count]) => `${count} ${health}`).join(', ');
}

/** reasonOf: why a sampler is not healthy, as one line; empty where it says nothing. */
export function reasonOf(sampler: SamplerStatus): string {
  if (sampler.error !== undefined) return sampler.error;
  const faults = (sampler.programs ?? [])
    .filter(({ verdict }) => verdict === 'broken' || verdict === 'unsupported')
    .map(({ name, label, error }: ProgramStatus) =>
      [label === undefined ? name : `${name} (${label})`, error].filter(Boolean).join(': '),
    );
  return [...faults, ...(sampler.missing ?? [])].join('; ');
}

/**
 * renderStatus: what `rezolus status` prints: version, uptime and TTL, the counts, and a line for each sampler that
 * is not healthy; `verbose` adds a table of all. Control characters of a hostile agent are replaced.
 */
export function renderStatus(status: AgentStatus, { verbose = false } = {}): string {
  const { version, uptime_seconds, ttl_ms, ttl_seconds } = status;
  const ttl = ttl_ms === undefined ? seconds(ttl_seconds) : formatDuration(ttl_ms);
  const lines = [
    `Rezolus ${version}   up ${seconds(uptime_seconds)}   ttl ${ttl}`,
    countsLine(status.samplers),
    ...costLine(status.plugins ?? []),
  ];
  for (const sampler of status.samplers) {
    const health = healthOfSampler(sampler);
    if (health === null || health === 'healthy') continue;
    const reason = reasonOf(sampler);
    lines.push(`  ${sampler.name}: ${health}${reason === '' ? '' : ` (${reason})`}`);
  }
  if (verbose) lines.push('', ...table(status.samplers));
  return `${lines.map(printable).join('\n')}\n`;
}

/** costLine: what this agent's BPF programs cost the machine, or nothing where they were not measured yet. */
function costLine(plugins: readonly PluginCost[]): string[] {
  const measured = plugins.filter(({ runs_per_second }) => runs_per_second > 0);
  if (measured.length === 0) return [];
  const ms = (ns: number) => `${(ns / 1e6).toFixed(2)} ms`;
  const total = measured.reduce((sum, { ns_per_second }) => sum + ns_per_second, 0);
  const parts = measured
    .toSorted((a, b) => b.ns_per_second - a.ns_per_second)
    .map(({ plugin, ns_per_second }) => `${plugin.replace(/^@rezolus\/plugin-/, '')} ${ms(ns_per_second)}`);
  return [`its programs in the kernel take ${ms(total)} of CPU time per second (${parts.join(', ')})`];
}

/** statusExitCode: 1 where a sampler is degraded or failed, else 0. */
export function statusExitCode(status: AgentStatus): 0 | 1 {
  const { degraded, failed } = countHealth(status.samplers);
  return degraded + failed > 0 ? 1 : 0;
}

function statusUrl(url: string): URL {
  const base = parseEndpoint(url);
  if (base !== null) return new URL(`${base.pathname.replace(/\/+$/, '')}/status`, base);
  throw new RezolusError(
    'REZ_ERR_ENDPOINT_UNREACHABLE',
    `"${url.replace(/\/\/.*@/, '//…@')}" is not a URL such as http://localhost:4241, without credentials`,
  );
}

function isStatus(status: Partial<AgentStatus> | null): status is AgentStatus {
  return (
    typeof status === 'object' &&
    typeof status?.version === 'string' &&
    Number.isFinite(status.uptime_seconds) &&
    Number.isFinite(status.ttl_seconds) &&
    Number.isFinite(status.ttl_ms ?? 0) &&
    Array.isArray(status.samplers) &&
    status.samplers.every(isSampler)
  );
}

function isSampler(sampler: Partial<SamplerStatus> | null): boolean {
  return (
    typeof sampler === 'object' &&
    typeof sampler?.name === 'string' &&
    ['active', 'disabled', 'failed'].includes(sampler.state!) &&
    [undefined, 'healthy', 'unsupported', 'degraded', 'failed'].includes(sampler.health) &&
    [sampler.error, sampler.route].every((text) => text === undefined || typeof text === 'string') &&
    [sampler.programs, sampler.missing].every((list) => list === undefined || Array.isArray(list)) &&
    (sampler.programs ?? []).every((program) => typeof program?.name === 'string')
  );
}

function table(samplers: readonly SamplerStatus[]): string[] {
  const rows = [
    ['sampler', 'state', 'route', 'refresh', 'kernel memory', 'drops'],
    ...samplers.map((sampler) => [
      sampler.name,
      healthOfSampler(sampler) ?? 'disabled',
      sampler.route ?? '-',
      sampler.refresh_us === undefined ? '-' : `${sampler.refresh_us} us`,
      sampler.map_bytes === undefined ? '-' : `${Math.ceil(sampler.map_bytes / 1024)} KiB`,
      dropsOf(sampler),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

function dropsOf({ drops }: SamplerStatus): string {
  const entries = Object.entries(drops ?? {}).filter(([, count]) => count > 0);
  return entries.map(([reason, count]) => `${reason} ${count}`).join(', ') || '-';
}

function seconds(count: number): string {
  return count > 0 ? formatDuration(count * 1000) : '0s';
}

function printable(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd');
}
