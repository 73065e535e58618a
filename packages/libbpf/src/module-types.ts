import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isPermitted } from './capabilities.ts';

/** cannotList: what libbpf says where it may not go through the types of kernel modules. */
export const cannotList = 'failed to iterate BTF objects';

/** Where struct bpf_object_open_opts (libbpf.h) has the path of the types to relocate with, and its size up to there. */
const customPathOffset = 48;
const optionsSize = 56;
const kernelTypes = '/sys/kernel/btf/vmlinux';
// Memory that does not move, as that of a short array may.
const pathInMemory = new Uint8Array(new ArrayBuffer(kernelTypes.length + 1));
Buffer.from(pathInMemory.buffer).write(kernelTypes, 'latin1');

/**
 * openOptions: options for bpf_object__open_file; null = none. Who lacks CAP_SYS_ADMIN may not go through the types of
 * kernel modules, and libbpf before 1.5 then fails where a program asks for a type that this kernel does not have. So it
 * is told that the kernel's own types are all there are.
 */
export function openOptions(): Uint8Array | null {
  if (isPermitted('CAP_SYS_ADMIN') || !existsSync(kernelTypes)) return null;
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  const options = new DataView(new ArrayBuffer(optionsSize));
  options.setBigUint64(0, BigInt(optionsSize), true);
  options.setBigUint64(customPathOffset, koffi.address(pathInMemory), true);
  return new Uint8Array(options.buffer);
}
