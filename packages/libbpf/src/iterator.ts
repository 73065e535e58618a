import { closeSync, readSync } from 'node:fs';
import { type BpfIterator, RezolusError } from '@rezolus/core';
import { native, type Pointer } from './native.ts';
import { errorText } from './verdict.ts';

/** As large as the kernel's own buffer, which is what one read(2) gives at most. */
const smallest = 32 * 1024;

/** LinkedIterator: an attached iterator program. It does not own its link. */
export class LinkedIterator implements BpfIterator {
  readonly #name: string;
  #link: Pointer;
  #buffer = new Uint8Array(smallest);
  #output = this.#buffer.subarray(0, 0);

  constructor(name: string, link: Pointer) {
    this.#name = name;
    this.#link = link;
  }

  /**
   * read: runs the program over all its objects and returns what it wrote, valid until the next call. Allocates only
   * when the length differs from the last one's. Throws REZ_ERR_BPF_ATTACH when the iterator cannot be opened or read.
   */
  read(): Uint8Array {
    if (this.#link === null) throw this.#error('its object is closed');
    const { iteratorCreate, linkFd } = native();
    const fd = iteratorCreate(linkFd(this.#link));
    if (fd < 0) throw this.#error(errorText(fd));
    // Of many threads that are gone nothing stays.
    if (this.#output.length * 4 < this.#buffer.length && this.#buffer.length > smallest) this.#halve();
    let length = 0;
    try {
      for (;;) {
        if (length === this.#buffer.length) this.#grow();
        const count = readSome(fd, this.#buffer, length);
        if (count === 0) break;
        length += count;
      }
    } catch (cause) {
      throw this.#error('it failed while reading', cause);
    } finally {
      closeSync(fd);
    }
    if (this.#output.length !== length) this.#output = this.#buffer.subarray(0, length);
    return this.#output;
  }

  /** close: makes further reads throw; call it before the link is destroyed. */
  close(): void {
    this.#link = null;
  }

  #halve(): void {
    this.#buffer = new Uint8Array(this.#buffer.length / 2);
    this.#output = this.#buffer.subarray(0, 0);
  }

  #grow(): void {
    const larger = new Uint8Array(this.#buffer.length * 2);
    larger.set(this.#buffer);
    this.#buffer = larger;
    this.#output = larger.subarray(0, 0);
  }

  #error(why: string, cause?: unknown): RezolusError {
    return new RezolusError('REZ_ERR_BPF_ATTACH', `iterator ${this.#name}: ${why}`, { cause });
  }
}

/** The kernel answers EAGAIN where a program wrote nothing for a million objects: the pass goes on. */
function readSome(fd: number, buffer: Uint8Array, offset: number): number {
  for (;;) {
    try {
      return readSync(fd, buffer, offset, buffer.length - offset, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}
