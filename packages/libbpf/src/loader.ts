import { existsSync } from 'node:fs';
import type { BpfLoader, Logger } from '@rezolus/core';
import { LibbpfObject } from './object.ts';

/** hasKernelBtf: whether the kernel has its own BTF, which typed tracepoints, iterators and CO-RE need. */
export function hasKernelBtf(): boolean {
  return existsSync('/sys/kernel/btf/vmlinux');
}

/** createBpfLoader: the loader that samplers are handed. Loads libbpf when the first object is opened. */
export function createBpfLoader(log?: Logger): BpfLoader {
  return {
    kernelBtf: hasKernelBtf(),
    open: (spec) => LibbpfObject.open(spec, log === undefined ? {} : { log }),
  };
}
