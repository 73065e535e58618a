import { type MappedMap, RezolusError } from '@rezolus/core';
import { MAP_FAILED, native, type Pointer } from './native.ts';
import { errorText } from './verdict.ts';

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;

/**
 * MappedArray: an mmapable array map in memory: what the kernel's programs write is seen without a system call.
 * Element i begins at `i * stride` bytes. After disposal every view of it is empty: reading gives undefined.
 */
export class MappedArray implements MappedMap, Disposable {
  readonly bytes: Uint8Array;
  readonly u32: Uint32Array;
  readonly u64: BigUint64Array;
  /** Bytes from one element to the next: the kernel rounds elements up to 8. */
  readonly stride: number;
  readonly entries: number;
  readonly #address: Pointer;
  readonly #length: number;

  /** Maps the array map behind `fd`, read-only where its data is constant. Throws REZ_ERR_BPF_MAP. */
  constructor(name: string, fd: number, valueSize: number, entries: number) {
    const { koffi, pageSize, mmap } = native();
    this.stride = Math.ceil(valueSize / 8) * 8;
    this.entries = entries;
    const size = this.stride * entries;
    this.#length = Math.ceil(size / pageSize()) * pageSize();
    const protection = name.startsWith('.rodata') ? PROT_READ : PROT_READ | PROT_WRITE;
    const address = mmap(null, this.#length, protection, MAP_SHARED, fd, 0);
    if (address === null || address === MAP_FAILED) {
      throw new RezolusError('REZ_ERR_BPF_MAP', `map ${name} cannot be mapped: ${errorText(koffi.errno())}`);
    }
    this.#address = address;
    const buffer = koffi.view(address, size);
    this.bytes = new Uint8Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.u64 = new BigUint64Array(buffer);
  }

  [Symbol.dispose](): void {
    const buffer = this.bytes.buffer as ArrayBuffer;
    if (buffer.detached) return;
    // Detaches the views, also those that others made, so that nobody can read what is no longer mapped.
    buffer.transfer();
    native().munmap(this.#address, this.#length);
  }
}
