import type {
  BpfObjectSpec,
  FieldSpec,
  GroupDeclaration,
  MetricDeclaration,
  MetricGroup,
  SamplerContext,
  SamplerReport,
} from '@rezolus/core';
import { sumBanks, tracepoints } from '@rezolus/libbpf';

/** Source: the hook that counts a metric and where it does in each bank. */
export interface Source {
  readonly hook: string;
  readonly field: FieldSpec;
}

/** HookCounters: a loaded object of tracepoint pairs and the group of counters that it fills. */
export interface HookCounters extends Disposable {
  readonly group: MetricGroup;
  refresh(): void;
  report(): SamplerReport;
}

/**
 * openHookCounters: loads an object that has `banks`, and attaches one of the pair of programs of each hook that
 * `sourceOf` names. Metrics whose hook this kernel does not have are left out of the group.
 */
export function openHookCounters(
  context: SamplerContext,
  spec: BpfObjectSpec,
  declared: GroupDeclaration,
  sourceOf: (metric: MetricDeclaration) => Source,
): HookCounters {
  const { bpf, possibleCpus } = context;
  const object = bpf.open(spec);
  try {
    const hooks = Object.fromEntries(declared.metrics.map((metric) => [sourceOf(metric).hook, true]));
    const chosen = tracepoints(object, spec, bpf.kernelBtf, hooks);
    object.resize('banks', possibleCpus);
    object.load();
    const programs = object.attachAll(chosen);
    const attached = new Set(
      programs.filter((program) => program.attached).map(({ label }) => hookOf(label)),
    );
    const group = context.group(declared.name, (metric) => attached.has(sourceOf(metric).hook));
    const offsets = group.metrics('counter').map((metric) => sourceOf(metric).field.offset);
    const banks = object.map('banks');
    const mapBytes = object.mapBytes();
    return {
      group,
      refresh() {
        group.beginRead();
        for (const [slot, offset] of offsets.entries()) {
          sumBanks(group.counters.subarray(slot, slot + 1), banks, offset);
        }
        group.endRead();
      },
      report: () => ({ route: programs.map(({ label }) => label).join(', '), programs, mapBytes }),
      [Symbol.dispose]: () => object[Symbol.dispose](),
    };
  } catch (error) {
    object[Symbol.dispose]();
    throw error;
  }
}

/** The hook of a section, e.g. `tp_btf/kfree_skb`. */
function hookOf(section = ''): string {
  return section.slice(section.indexOf('/') + 1);
}
