import { randomFillSync } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { writeAt } from './files.ts';

const step = 256 * 1024;

/** Reserve: a file that holds the space that finishing a recording takes, so that a full disk does not prevent it. */
export class Reserve {
  readonly #path: string;
  #size = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** ensure: makes the reserve hold at least `bytes`. Throws what the file system says where there is no room. */
  async ensure(bytes: number): Promise<void> {
    if (bytes <= this.#size) return;
    const size = Math.ceil((bytes * 1.25) / step) * step;
    // Random, because a file system that compresses would hold no space for anything else.
    const block = randomFillSync(Buffer.alloc(step));
    const handle = await open(this.#path, 'a');
    try {
      while (this.#size < size) this.#size = await writeAt(handle, [block], this.#size);
    } finally {
      await handle.close();
    }
  }

  /** release: gives the space back. */
  async release(): Promise<void> {
    await rm(this.#path, { force: true });
    this.#size = Number.POSITIVE_INFINITY;
  }
}
