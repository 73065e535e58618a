import { closeSync, openSync, readSync } from 'node:fs';
import { RezolusError } from '@rezolus/core';
import { native } from './native.ts';
import { collectMessages } from './print.ts';

const EM_BPF = 247;

/**
 * linkObject: writes the relocatable BPF object `input` to `output` as `bpftool gen object` does: without DWARF and
 * with the offsets of variables filled into its BTF. Throws REZ_ERR_BPF_OBJECT.
 */
export function linkObject(output: string, input: string): void {
  // libbpf 1.1 crashes on a file that is not ELF.
  if (!isBpfElf(input)) throw new RezolusError('REZ_ERR_BPF_OBJECT', `${input} is not a BPF object`);
  const { koffi, linkerNew, linkerAdd, linkerFinalize, linkerFree } = native();
  const { result, messages } = collectMessages(() => {
    const linker = linkerNew(output, null);
    if (linker === null) return -koffi.errno();
    try {
      return linkerAdd(linker, input, null) || linkerFinalize(linker);
    } finally {
      linkerFree(linker);
    }
  });
  if (result !== 0) {
    throw new RezolusError('REZ_ERR_BPF_OBJECT', `${input} cannot be linked: ${messages.join('; ')}`);
  }
}

function isBpfElf(path: string): boolean {
  const header = Buffer.alloc(20);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, header, 0, header.length, 0);
  } finally {
    closeSync(fd);
  }
  return header.readUInt32BE(0) === 0x7f454c46 && header.readUInt16LE(18) === EM_BPF;
}
