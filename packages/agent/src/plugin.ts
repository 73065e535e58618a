import { ABI, type PluginManifest, type SamplerRegistrar } from '@rezolus/core';
import { externalName } from './external/index.ts';
import { type OverheadObserver, overheadSampler } from './overhead/index.ts';
import { rusage } from './rusage/index.ts';
import { version } from './version.ts';

/** agentPlugin: the agent as a plugin of itself: it brings what it knows of its own cost. */
export const agentPlugin: PluginManifest = {
  name: '@rezolus/agent',
  version,
  abi: ABI,
  samplers: [externalName, 'rezolus_overhead', rusage.name],
  builtIn: true,
};

/** registerAgentSamplers: adds the agent's own samplers. */
export function registerAgentSamplers(registrar: SamplerRegistrar, observer: OverheadObserver): void {
  registrar.add(overheadSampler(observer));
  registrar.add(rusage);
}
