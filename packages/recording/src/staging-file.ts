import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RezolusError } from '@rezolus/core/errors';
import { writeAt } from './journal/files.ts';
import { syncFolder } from './journal/finish.ts';
import type { Sink } from './parquet/writer.ts';

/**
 * StagingFile: a file that appears under its name only when it is whole: until then it is a hidden one beside it.
 * Disposing of it before `commit` removes it. Errors are REZ_ERR_RECORDING_WRITE.
 */
export class StagingFile implements Sink, AsyncDisposable {
  readonly #path: string;
  readonly #draft: string;
  readonly #handle: FileHandle;
  #size = 0;
  #committed = false;

  private constructor(path: string, draft: string, handle: FileHandle) {
    this.#path = path;
    this.#draft = draft;
    this.#handle = handle;
  }

  /** create: opens the hidden file. */
  static async create(path: string): Promise<StagingFile> {
    const suffix = `${process.pid}-${randomBytes(4).toString('hex')}`;
    const draft = join(dirname(path), `.${basename(path)}.${suffix}`);
    const handle = await guard(path, () => open(draft, 'wx', 0o644));
    return new StagingFile(path, draft, handle);
  }

  /** size: bytes so far. */
  get size(): number {
    return this.#size;
  }

  async write(parts: readonly Uint8Array[]): Promise<void> {
    await guard(this.#path, async () => {
      this.#size = await writeAt(this.#handle, parts, this.#size);
    });
  }

  /** commit: gives the file its name, replacing what was there; it is durable then, but for a `temporary` one. */
  async commit({ temporary = false } = {}): Promise<void> {
    await guard(this.#path, async () => {
      if (!temporary) await this.#handle.sync();
      await this.#handle.close();
      await rename(this.#draft, this.#path);
      if (!temporary) await syncFolder(dirname(this.#path));
    });
    this.#committed = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#committed) return;
    await this.#handle.close().catch(() => {});
    await rm(this.#draft, { force: true }).catch(() => {});
  }
}

async function guard<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const message = `${path} could not be written in ${dirname(path)}`;
    throw new RezolusError('REZ_ERR_RECORDING_WRITE', message, { cause });
  }
}
