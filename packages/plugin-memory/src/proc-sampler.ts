import { type GroupDeclaration, type Sampler, type SamplerContext, UnsupportedError } from '@rezolus/core';
import { ProcTable } from './proc-table.ts';

/** ProcSource: a /proc file of `key value` lines and the group it fills: key `i` is metric `i`. */
export interface ProcSource {
  readonly path: string;
  readonly group: GroupDeclaration;
  readonly keys: readonly string[];
  /** Value of a metric per unit of the file: 1024 where the file says kB. */
  readonly scale: number;
}

/**
 * procSampler: a sampler that reads one file per refresh. Keys that this kernel does not have are absent; a file with
 * none of them is UnsupportedError.
 */
export function procSampler(
  context: SamplerContext,
  { path, group: declared, keys, scale }: ProcSource,
): Sampler {
  const table = new ProcTable(path, keys);
  table.refresh();
  const present = [...keys.keys()].filter((index) => table.value(index) !== null);
  if (present.length === 0) {
    table[Symbol.dispose]();
    throw new UnsupportedError(
      path,
      `${path} has none of ${keys.map((key) => key.replace(/\W/g, '')).join(', ')}`,
    );
  }
  const names = new Set(present.map((index) => declared.metrics[index]!.name));
  const group = context.group(declared.name, (metric) => names.has(metric.name));
  const target = declared.metrics[0]!.kind === 'gauge' ? group.gauges : group.counters;
  return {
    groups: [group],
    refresh() {
      group.beginRead();
      table.refresh();
      for (const [slot, index] of present.entries()) target[slot] = BigInt((table.value(index) ?? 0) * scale);
      group.endRead();
    },
    report: () => ({ route: path }),
    async [Symbol.asyncDispose]() {
      table[Symbol.dispose]();
    },
  };
}
