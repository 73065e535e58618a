import {
  ABI,
  type BpfLoader,
  type Clock,
  type PluginManifest,
  type Sampler,
  type SamplerContext,
  type SamplerDefinition,
  UnsupportedError,
} from '../src/index.ts';

/** plugin: a manifest that announces the given samplers. */
export function plugin(name: string, samplers: readonly string[], more: Partial<PluginManifest> = {}) {
  return { name, version: '1.0.0', abi: ABI, builtIn: false, samplers, ...more } satisfies PluginManifest;
}

/** definition: a sampler with one counter that counts its refreshes. */
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
      { name: 'main', per: 'host', metrics: [{ name: `${name}_total`, kind: 'counter', description: '' }] },
    ],
    create: (context) => {
      const group = context.group('main');
      return create(context, {
        groups: [group],
        refresh() {
          group.counters[0]! += 1n;
        },
      });
    },
  };
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
  ns = 0n;
  wallNs = () => 1_700_000_000_000_000_000n + this.ns;
  monotonicNs = () => this.ns;
}
