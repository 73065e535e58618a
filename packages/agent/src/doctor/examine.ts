import {
  type BpfLoader,
  possibleCpus,
  type Registration,
  type SamplerRegistry,
  SamplerSet,
  type SamplerStatus,
  silentLogger,
} from '@rezolus/core';
import { type AgentConfig, samplerSettings } from '../config.ts';
import { OverheadObserver } from '../overhead/index.ts';
import { agentPlugin, registerAgentSamplers } from '../plugin.ts';
import { type Finding, findingOf } from './finding.ts';
import type { Machine } from './machine.ts';

/** ExamineOptions: what an agent would start from, the machine, and how samplers get at the kernel. */
export interface ExamineOptions {
  readonly config: AgentConfig;
  /** Holds what the plugins registered; the agent's own samplers are added. */
  readonly registry: SamplerRegistry;
  readonly machine: Machine;
  /** Default: libbpf of this machine. */
  readonly bpf?: BpfLoader;
}

/**
 * examine: starts each sampler by itself, one after the other, lets it read once and stops it. Samplers that the
 * configuration switches off are not started. Returns a finding per sampler, sorted by name; does not throw for any of them.
 */
export async function examine({ config, registry, machine, bpf }: ExamineOptions): Promise<Finding[]> {
  const observer = new OverheadObserver();
  registerAgentSamplers(registry.for(agentPlugin), observer);
  const { registrations, refusals } = registry.resolve();
  const loader = bpf ?? (await import('@rezolus/libbpf')).createBpfLoader(silentLogger);
  const host = {
    settings: (registration: Registration) => samplerSettings(config, registration),
    possibleCpus: possibleCpus(),
    bpf: () => loader,
    logger: () => silentLogger,
    startTimeoutMs: config.plugins.start_timeout + 5000,
  };
  const findings: Finding[] = [];
  {
    await using refused = await SamplerSet.start({ ...host, registrations: [], refusals });
    for (const status of refused.status()) findings.push(findingOf(status, [], machine));
  }
  for (const registration of registrations) {
    const status = await tried({ ...host, registrations: [registration], refusals: [] });
    findings.push(findingOf(status, registration.definition.routes ?? [], machine));
  }
  return findings.sort((a, b) => (a.sampler < b.sampler ? -1 : 1));
}

async function tried(options: Parameters<typeof SamplerSet.start>[0]): Promise<SamplerStatus> {
  await using samplers = await SamplerSet.start(options);
  await samplers.refresh();
  return samplers.status()[0]!;
}
