/** Resource: what samplers of a plugin may share. */
export type Resource = Disposable | AsyncDisposable;

interface Entry {
  readonly opened: Promise<Resource>;
  users: number;
}

/**
 * SharedResources: resources that several samplers use: opened by the first that asks for a key, disposed when the last
 * one has released it.
 */
export class SharedResources {
  readonly #entries = new Map<string, Entry>();

  /** use: the resource of a key, and one user more. A resource that could not be opened stays refused for all. */
  use<T extends Resource>(key: string, open: () => T | Promise<T>): Promise<T> {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { opened: Promise.resolve().then(open), users: 0 };
      this.#entries.set(key, entry);
    }
    entry.users++;
    return entry.opened as Promise<T>;
  }

  /** release: one user less. */
  async release(key: string): Promise<void> {
    const entry = this.#entries.get(key);
    if (entry === undefined || --entry.users > 0) return;
    this.#entries.delete(key);
    const resource = await entry.opened.catch(() => null);
    if (resource === null) return;
    if (Symbol.asyncDispose in resource) await resource[Symbol.asyncDispose]();
    else resource[Symbol.dispose]();
  }
}
