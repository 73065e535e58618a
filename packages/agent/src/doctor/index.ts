import type { AgentPlan } from '../plan.ts';
import { registryOf } from '../plan.ts';
import { version } from '../version.ts';
import { type ExamineOptions, examine } from './examine.ts';
import { readMachine } from './machine.ts';
import type { Diagnosis } from './render.ts';

export { type ExamineOptions, examine } from './examine.ts';
export { type Finding, findingOf, shouldWork, type Verdict } from './finding.ts';
export { type Machine, readMachine } from './machine.ts';
export { type Diagnosis, doctorExitCode, renderDiagnosis } from './render.ts';

/**
 * diagnose: what of an agent's plan works on this machine. Nothing is bound and no agent started; each sampler, those of
 * third parties in their own processes, is attached for a moment. `bpf` as in {@link ExamineOptions}.
 */
export async function diagnose(
  { config, plugins }: AgentPlan,
  options: Pick<ExamineOptions, 'bpf'> = {},
): Promise<Diagnosis> {
  const machine = await readMachine();
  const registry = await registryOf(plugins, config.plugins);
  return { version, machine, samplers: await examine({ ...options, config, registry, machine }) };
}
