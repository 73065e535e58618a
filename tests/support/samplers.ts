import { readFileSync } from 'node:fs';
import { agentPlugin, OverheadObserver, registerAgentSamplers } from '@rezolus/agent';
import {
  ABI,
  type PluginManifest,
  type SamplerDefinition,
  SamplerRegistry,
  type SamplersHook,
} from '@rezolus/core';
import { root } from './rezolus.ts';

/** builtInDefinitions: the samplers of every plugin that the CLI ships, and the agent's own, sorted by name. */
export async function builtInDefinitions(): Promise<{ plugin: string; definition: SamplerDefinition }[]> {
  const registry = new SamplerRegistry();
  registerAgentSamplers(registry.for(agentPlugin), new OverheadObserver());
  const { oclif } = JSON.parse(readFileSync(`${root}packages/cli/package.json`, 'utf8'));
  for (const name of oclif.plugins as string[]) {
    if (!name.startsWith('@rezolus/')) continue;
    const folder = `${root}packages/${name.replace('@rezolus/', '')}/`;
    const { version, rezolus } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8'));
    const manifest: PluginManifest = { name, version, ...rezolus, builtIn: true };
    const { default: hook }: { default: SamplersHook } = await import(`${folder}src/register.ts`);
    if (registry.accepts(manifest)) await hook({ registrar: registry.for(manifest), abi: ABI });
  }
  const { registrations, refusals } = registry.resolve();
  if (refusals.length > 0) throw refusals[0]!.error;
  return registrations.map(({ plugin, definition }) => ({ plugin: plugin.name, definition }));
}
