import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { RezolusError } from '@rezolus/core';

/** Entry: one request that waits: how many samples it holds and its bytes. */
export interface Entry {
  readonly samples: number;
  readonly body: Uint8Array;
}

interface File {
  readonly name: string;
  readonly sequence: number;
  readonly samples: number;
  readonly bytes: number;
}

/** `<sequence>-<samples>-<crc32>.request` */
const pattern = /^(\d{1,15})-(\d{1,9})-([0-9a-f]{8})\.request$/;

/**
 * DiskQueue: requests that wait for their server, one file each, oldest first; outlives the process. Beyond its limit the
 * oldest are given up, and counted. A file that a crash cut short is recognised by its checksum and given up as well.
 */
export class DiskQueue {
  readonly #folder: string;
  readonly #limitBytes: number;
  #files: File[] = [];
  #next = 1;
  #bytes = 0;
  /** Samples that were given up since the start. */
  droppedSamples = 0;

  /** Takes over what an earlier process left in `folder`. Throws REZ_ERR_PUSH_QUEUE where it cannot be used. */
  constructor(folder: string, limitBytes: number) {
    this.#folder = folder;
    this.#limitBytes = limitBytes;
    this.#guard(() => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      for (const name of readdirSync(folder)) {
        const match = pattern.exec(name);
        if (match === null) {
          if (name.endsWith('.writing')) rmSync(join(folder, name), { force: true });
          continue;
        }
        const { size } = statSync(join(folder, name));
        this.#files.push({ name, sequence: Number(match[1]), samples: Number(match[2]), bytes: size });
        this.#bytes += size;
      }
    });
    this.#files.sort((a, b) => a.sequence - b.sequence);
    this.#next = (this.#files.at(-1)?.sequence ?? 0) + 1;
    this.#shrink();
  }

  get length(): number {
    return this.#files.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** push: puts a request at the end. Throws REZ_ERR_PUSH_QUEUE where it cannot be written. */
  push({ samples, body }: Entry): void {
    const sequence = this.#next++;
    const name = `${sequence}-${samples}-${crc32(body).toString(16).padStart(8, '0')}.request`;
    this.#guard(() => {
      const writing = join(this.#folder, `${sequence}.writing`);
      writeFileSync(writing, body, { mode: 0o600 });
      renameSync(writing, join(this.#folder, name));
    });
    this.#files.push({ name, sequence, samples, bytes: body.length });
    this.#bytes += body.length;
    this.#shrink();
  }

  /** peek: the oldest request, or null where there is none. Unreadable ones are given up. */
  peek(): Entry | null {
    for (;;) {
      const file = this.#files[0];
      if (file === undefined) return null;
      const body = this.#read(file);
      if (body !== null) return { samples: file.samples, body };
      this.drop();
    }
  }

  /** done: removes the oldest request, which arrived. */
  done(): void {
    this.#remove();
  }

  /** drop: gives the oldest request up. */
  drop(): void {
    this.droppedSamples += this.#remove();
  }

  #shrink(): void {
    while (this.#bytes > this.#limitBytes && this.#files.length > 0) this.drop();
  }

  #read({ name }: File): Buffer | null {
    try {
      const body = readFileSync(join(this.#folder, name));
      return crc32(body) === Number.parseInt(pattern.exec(name)![3]!, 16) ? body : null;
    } catch {
      return null;
    }
  }

  #remove(): number {
    const file = this.#files.shift();
    if (file === undefined) return 0;
    this.#bytes -= file.bytes;
    rmSync(join(this.#folder, file.name), { force: true });
    return file.samples;
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (cause) {
      throw new RezolusError('REZ_ERR_PUSH_QUEUE', `cannot use the queue in ${this.#folder}`, { cause });
    }
  }
}
