import { existsSync } from 'node:fs';
import type { BpfLoader, Logger } from '@rezolus/core';
import { LibbpfObject } from './object.ts';
import { enableStats } from './stats.ts';

/** hasKernelBtf: whether the kernel has its own BTF, which typed tracepoints, iterators and CO-RE need. */
export function hasKernelBtf(): boolean {
  return existsSync('/sys/kernel/btf/vmlinux');
}

/**
 * createBpfLoader: the loader that samplers are handed. Loads libbpf when the first object is opened. `without` takes
 * kinds of hooks away (`tp_btf` with it the kernel's BTF), so that the other routes of a sampler can be tried.
 */
export function createBpfLoader(log?: Logger, without: readonly string[] = []): BpfLoader {
  return {
    kernelBtf: hasKernelBtf() && !without.includes('tp_btf'),
    open: (spec) => LibbpfObject.open(spec, { without, ...(log !== undefined && { log }) }),
    enableStats,
  };
}
