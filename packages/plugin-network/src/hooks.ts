import type { BpfObjectSpec, MappedMap, ProgramStatus, SamplerContext, SamplerReport } from '@rezolus/core';
import { tracepoints } from '@rezolus/libbpf';

/** Hooks: a loaded object of tracepoint pairs. */
export interface Hooks extends Disposable {
  readonly banks: MappedMap;
  readonly programs: readonly ProgramStatus[];
  report(): SamplerReport;
}

/** openHooks: loads an object that has `banks` and a pair of programs per hook, and attaches one of each pair. */
export function openHooks(
  { bpf, possibleCpus }: SamplerContext,
  spec: BpfObjectSpec,
  hooks: readonly string[],
): Hooks {
  const object = bpf.open(spec);
  try {
    const wanted = Object.fromEntries(hooks.map((hook) => [hook, true]));
    const chosen = tracepoints(object, spec, bpf.kernelBtf, wanted);
    object.resize('banks', possibleCpus);
    object.load();
    const programs = object.attachAll(chosen);
    const mapBytes = object.mapBytes();
    return {
      banks: object.map('banks'),
      programs,
      report: () => ({ route: programs.map(({ label }) => label).join(', '), programs, mapBytes }),
      [Symbol.dispose]: () => object[Symbol.dispose](),
    };
  } catch (error) {
    object[Symbol.dispose]();
    throw error;
  }
}
