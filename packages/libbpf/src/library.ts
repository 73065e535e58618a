import { createRequire } from 'node:module';
import { UnsupportedError } from '@rezolus/core';

/** ForeignValue: an argument of a C function; memory is passed by its address and written in place. */
export type ForeignValue = number | bigint | string | null | NodeJS.TypedArray;

/** ForeignFunction: a C function. `async` runs it on the thread pool, for what may take long. */
export interface ForeignFunction<Result = number> {
  (...values: ForeignValue[]): Result;
  async(...values: ForeignValue[]): Promise<Result>;
}

/** SharedLibrary: a library that a machine may have, loaded at run time. */
export class SharedLibrary implements Disposable {
  readonly name: string;
  readonly #handle: import('koffi').LibraryHandle;
  #unloaded = false;

  private constructor(name: string, handle: import('koffi').LibraryHandle) {
    this.name = name;
    this.#handle = handle;
  }

  /** open: loads the first of `names` that there is. Throws UnsupportedError that says what it is for. */
  static open(names: readonly string[], purpose: string): SharedLibrary {
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
    let cause: unknown;
    for (const name of names) {
      try {
        return new SharedLibrary(name, koffi.load(name));
      } catch (error) {
        cause ??= error;
      }
    }
    const text = `${names[0]} (${purpose}) is not installed or cannot be loaded`;
    throw new UnsupportedError(names[0]!, text, { cause });
  }

  /**
   * find: a function by its C prototype, undefined where this version of the library does not have it. The caller
   * answers for the prototype: a wrong one is as dangerous as in C.
   */
  find<Result = number>(prototype: string): ForeignFunction<Result> | undefined {
    let bound: import('koffi').LibraryHandle['func'] extends (definition: string) => infer F ? F : never;
    try {
      bound = this.#handle.func(prototype);
    } catch (error) {
      if (/cannot find function/i.test(String(error))) return undefined;
      throw error;
    }
    const call = (...values: ForeignValue[]): Result => bound(...values);
    return Object.assign(call, {
      async: (...values: ForeignValue[]) =>
        new Promise<Result>((resolve, reject) => {
          bound.async(...values, (error: unknown, result: Result) => {
            // Naming the arguments here keeps their memory alive for as long as the call runs.
            void values;
            if (error) reject(error);
            else resolve(result);
          });
        }),
    });
  }

  /** Unloads the library; none of its functions may be running or be called any more. */
  [Symbol.dispose](): void {
    if (this.#unloaded) return;
    this.#unloaded = true;
    this.#handle.unload();
  }
}
