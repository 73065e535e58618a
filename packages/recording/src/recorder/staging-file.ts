import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RezolusError } from '@rezolus/core/errors';
import type { Sink } from '../parquet/writer.ts';

/**
 * StagingFile: a file that appears under its name only when it is whole: until then it is `<path>.partial` beside it.
 * Disposing of it before `commit` removes it. Errors are REZ_ERR_RECORDING_WRITE.
 */
export class StagingFile implements Sink, AsyncDisposable {
  readonly #path: string;
  readonly #partial: string;
  readonly #handle: FileHandle;
  #committed = false;

  private constructor(path: string, partial: string, handle: FileHandle) {
    this.#path = path;
    this.#partial = partial;
    this.#handle = handle;
  }

  /** create: opens the staging file; an older one that was left behind is replaced. */
  static async create(path: string): Promise<StagingFile> {
    const partial = `${path}.partial`;
    const handle = await guard(path, () => open(partial, 'w', 0o644));
    return new StagingFile(path, partial, handle);
  }

  async write(parts: readonly Uint8Array[]): Promise<void> {
    await guard(this.#path, async () => {
      for (let i = 0; i < parts.length; i += 512) await writeAll(this.#handle, parts.slice(i, i + 512));
    });
  }

  /** commit: makes the content durable and gives it its name, replacing what was there. */
  async commit(): Promise<void> {
    await guard(this.#path, async () => {
      await this.#handle.sync();
      await this.#handle.close();
      await rename(this.#partial, this.#path);
    });
    this.#committed = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#committed) return;
    await this.#handle.close().catch(() => {});
    await rm(this.#partial, { force: true }).catch(() => {});
  }
}

async function writeAll(handle: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  const wanted = parts.reduce((sum, part) => sum + part.length, 0);
  const { bytesWritten } = await handle.writev(parts);
  // A full disk or a quota may take a part; the rest then says why.
  if (bytesWritten < wanted) await handle.writeFile(Buffer.concat(parts).subarray(bytesWritten));
}

async function guard<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const message = `${path} could not be written in ${dirname(path)}`;
    throw new RezolusError('REZ_ERR_RECORDING_WRITE', message, { cause });
  }
}
