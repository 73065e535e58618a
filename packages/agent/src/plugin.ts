import { ABI, type PluginManifest, type SamplerRegistrar } from '@rezolus/core';
import { rusage } from './rusage/index.ts';
import { version } from './version.ts';

/** agentPlugin: the agent as a plugin of itself: it brings `rezolus_rusage`. */
export const agentPlugin: PluginManifest = {
  name: '@rezolus/agent',
  version,
  abi: ABI,
  samplers: [rusage.name],
  builtIn: true,
};

/** registerAgentSamplers: adds the agent's own samplers. */
export function registerAgentSamplers(registrar: SamplerRegistrar): void {
  registrar.add(rusage);
}
