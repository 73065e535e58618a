import { rm } from 'node:fs/promises';
import type { Labels, Snapshot } from '@rezolus/core';
import { fileKeys, SnapshotWriter } from '@rezolus/recording';
import { JournaledWriter, type RecordingFacts } from '@rezolus/recording/segments';
import { journalOf } from './layout.ts';
import type { Segment } from './leftover.ts';

/** SegmentFacts: what every segment says of itself. */
export type SegmentFacts = Pick<RecordingFacts, 'keys' | 'sources'>;

/** LiveSegment: the segment that is being written. Errors of the file system are REZ_ERR_RECORDING_WRITE. */
export class LiveSegment implements Segment {
  readonly sequence: number;
  readonly path: string;
  rows = 0;
  firstNs = 0n;
  lastNs = 0n;
  readonly #writer: JournaledWriter;
  #snapshots: SnapshotWriter | null = null;
  #facts: RecordingFacts = { keys: {}, sources: {}, events: [], tags: {} };

  private constructor(sequence: number, path: string, writer: JournaledWriter) {
    this.sequence = sequence;
    this.path = path;
    this.#writer = writer;
  }

  static async create(sequence: number, path: string, createdBy: string): Promise<LiveSegment> {
    const folder = journalOf(path);
    try {
      return new LiveSegment(sequence, path, await JournaledWriter.create(folder, { createdBy }));
    } catch (error) {
      await rm(folder, { recursive: true, force: true }).catch(() => {});
      throw error;
    }
  }

  /** decreased: the part of the counters that fell since the row before. */
  get decreased(): number {
    return this.#snapshots?.decreased ?? 0;
  }

  describe(facts: SegmentFacts): Promise<void> {
    return this.#tell({ ...this.#facts, ...facts });
  }

  addEvent(event: string): Promise<void> {
    return this.#tell({ ...this.#facts, events: [...this.#facts.events, event] });
  }

  /** append: one row; after an error it is in memory only, and `finish` writes it. */
  async append(snapshot: Snapshot, labels: Labels): Promise<void> {
    const { systemTimeNs: ns } = snapshot;
    if (this.rows === 0 || ns < this.firstNs) this.firstNs = ns;
    if (ns > this.lastNs) this.lastNs = ns;
    this.rows++;
    this.#snapshots ??= new SnapshotWriter(this.#writer, labels);
    await this.#snapshots.append(snapshot);
  }

  /** finish: the segment as a file. Can be tried again. */
  async finish(): Promise<Segment> {
    const { sequence, path, rows, firstNs, lastNs } = this;
    await this.#writer.finish(
      path,
      fileKeys(this.#facts, () => ({ firstNs, lastNs })),
    );
    return { sequence, path, rows, firstNs, lastNs };
  }

  /** close: leaves the journal where it is, or removes it where it holds no rows. */
  async close(): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
  }

  #tell(facts: RecordingFacts): Promise<void> {
    this.#facts = facts;
    return this.#writer.setFacts(facts);
  }
}
