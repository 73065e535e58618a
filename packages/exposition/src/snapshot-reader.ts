import type { Snapshot } from '@rezolus/core';
import { SnapshotDecoder } from './decode.ts';

/** SnapshotAnswer: the bytes of a snapshot, and the state of its reader where the agent names one. */
export interface SnapshotAnswer {
  readonly body: Uint8Array;
  readonly schemas?: string | undefined;
}

/**
 * SnapshotReader: reads one endpoint again and again. It names the schemas that it has by the state that came with the
 * last answer, in the header `rezolus-schemas`, and an agent that knows the state leaves them out: a third of the bytes.
 */
export class SnapshotReader {
  readonly #decoder = new SnapshotDecoder();
  #state = 'none';

  /** read: the next snapshot; `fetch` asks the endpoint, naming `schemas`. Throws REZ_ERR_SNAPSHOT_FORMAT. */
  async read(fetch: (schemas: string) => Promise<SnapshotAnswer>): Promise<Snapshot> {
    const state = this.#state;
    this.#state = 'none';
    const { body, schemas = 'none' } = await fetch(state);
    const snapshot = this.#decoder.decode(body);
    // The decoder forgets where there are too many; the agent cannot know.
    const forgotten = state !== 'none' && snapshot.groups.some(({ schema }) => schema === null);
    if (forgotten) return this.read(fetch);
    this.#state = schemas;
    return snapshot;
  }
}
