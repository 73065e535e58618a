import { randomUUID } from 'node:crypto';
import type { GroupSchema, Snapshot, SnapshotGroup } from '@rezolus/core';

/**
 * SchemaHistory: which schemas a reader has that was here before. Two thirds of a snapshot are schemas, and few of them
 * change from one to the next. A reader is told a state with each snapshot and names the one that it has seen last.
 */
export class SchemaHistory {
  /** Of another run of the agent nothing is known. */
  readonly #run = randomUUID().slice(0, 8);
  readonly #since = new Map<string, { readonly schema: GroupSchema | null; readonly state: number }>();
  #state = 0;

  /** state: what a reader of the snapshot that was taken last knows. */
  get state(): string {
    return `${this.#run}-${this.#state}`;
  }

  /** take: takes note of the schemas of a new snapshot. */
  take({ groups }: Snapshot): void {
    let changed = false;
    for (const { name, schema } of groups) {
      if (this.#since.get(name)?.schema === schema) continue;
      this.#since.set(name, { schema, state: this.#state + 1 });
      changed = true;
    }
    if (changed) this.#state++;
  }

  /** knownAt: whether a reader that has seen `state`, whatever it may say, knows the schema of a group. */
  knownAt(state: string): (group: SnapshotGroup) => boolean {
    const [run, seen] = state.split('-');
    const last = run === this.#run ? Number(seen) : 0;
    return ({ name }) => (this.#since.get(name)?.state ?? Number.POSITIVE_INFINITY) <= last;
  }
}
