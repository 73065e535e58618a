import { existsSync, readFileSync } from 'node:fs';
import {
  ABI,
  type BpfLoader,
  type Clock,
  type PluginManifest,
  type Sampler,
  type SamplerContext,
  type SamplerDefinition,
  SamplerRegistry,
  UnsupportedError,
} from '@rezolus/core';

const folder = new URL('../../../../shared/recordings/', import.meta.url);

/** recordingsMissing: true where the answers of the original agent are not beside the repository. */
export const recordingsMissing = !existsSync(folder);
if (recordingsMissing)
  console.warn('skipped: ../shared/recordings with answers of the original agent is absent');

/** recording: one recorded answer. */
export function recording(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8');
}

/** definition: a sampler with one counter, `<name>_total`, that counts its refreshes. */
export function definition(
  name: string,
  create: (context: SamplerContext, counting: Sampler) => Sampler | Promise<Sampler> = (_, counting) =>
    counting,
): SamplerDefinition {
  return {
    name,
    abi: ABI,
    description: 'a sampler of a test',
    groups: [
      {
        name: 'main',
        per: 'host',
        metrics: [{ name: `${name}_total`, kind: 'counter', description: `refreshes of ${name}` }],
      },
    ],
    create: (context) => {
      const group = context.group('main');
      return create(context, {
        groups: [group],
        refresh() {
          group.beginRead();
          group.counters[0]! += 1n;
          group.endRead();
        },
      });
    },
  };
}

/** registryOf: a registry in which one plugin has registered the definitions. */
export function registryOf(...definitions: SamplerDefinition[]): SamplerRegistry {
  const plugin: PluginManifest = {
    name: 'fake-plugin',
    version: '1.0.0',
    abi: ABI,
    samplers: definitions.map(({ name }) => name),
    builtIn: false,
  };
  const registry = new SamplerRegistry();
  for (const each of definitions) registry.for(plugin).add(each);
  return registry;
}

/** noBpf: the loader of a machine without BPF. */
export const noBpf: BpfLoader = {
  kernelBtf: false,
  open() {
    throw new UnsupportedError('bpf', 'no BPF in this test');
  },
  enableStats: () => ({ [Symbol.dispose]() {} }),
};

/** ManualClock: time that moves when the test says so. */
export class ManualClock implements Clock {
  ns = 1_000_000_000n;
  wallNs = () => 1_700_000_000_000_000_000n + this.ns;
  monotonicNs = () => this.ns;

  advance(ms: number): void {
    this.ns += BigInt(ms * 1e6);
  }
}
