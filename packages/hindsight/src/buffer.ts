import { rm } from 'node:fs/promises';
import { type Labels, type Logger, RezolusError, type Snapshot, sentence } from '@rezolus/core';
import { BufferClaim } from './claim.ts';
import { journalOf, segmentPath } from './layout.ts';
import { type Segment, takeLeftover } from './leftover.ts';
import { LiveSegment, type SegmentFacts } from './live-segment.ts';

/** BufferOptions: where the buffer is and how much it holds. */
export interface BufferOptions {
  readonly folder: string;
  /** The buffer holds at least this much, and at most a segment more. */
  readonly durationMs: number;
  /** Between two rows. */
  readonly intervalMs: number;
  /** Rows of a segment, at most 1,800. */
  readonly segmentRows: number;
  /** Names the program in the files. */
  readonly createdBy: string;
  readonly log: Logger;
}

/** BufferState: what the buffer holds; times are ns since the epoch, null while it is empty. */
export interface BufferState {
  readonly rows: number;
  readonly segments: number;
  readonly oldestNs: bigint | null;
  readonly newestNs: bigint | null;
}

/**
 * RollingBuffer: the last rows of a recording: segments that are Parquet files, and one that is a journal. A row is in
 * the journal when `append` resolves. Each segment has only the series that were in it, so a series that ended is
 * forgotten with its last segment. Where the disk is full the oldest segments are given up.
 */
export class RollingBuffer implements AsyncDisposable {
  readonly #options: BufferOptions;
  readonly #durationNs: bigint;
  readonly #claim: BufferClaim;
  readonly #sealed: Segment[];
  #sequence: number;
  #live: LiveSegment | null = null;
  /** The segment that comes next, made ahead: it takes as long as the disk takes to write it. */
  #spare: Promise<LiveSegment | null> | null = null;
  /** The segment that is becoming a file while rows go on. */
  #ending: LiveSegment | null = null;
  #sealing: Promise<void> = Promise.resolve();
  #facts: SegmentFacts = { keys: {}, sources: {} };
  /** Events that happened between two segments. */
  #events: string[] = [];

  private constructor(options: BufferOptions, claim: BufferClaim, sealed: Segment[]) {
    this.#options = options;
    this.#durationNs = BigInt(Math.round(options.durationMs * 1e6));
    this.#claim = claim;
    this.#sealed = sealed;
    this.#sequence = sealed.at(-1)?.sequence ?? 0;
  }

  /**
   * open: a new buffer, or the one that is in the folder. Throws REZ_ERR_RECORDING_BUSY where another process has it,
   * REZ_ERR_RECORDING_WRITE where it cannot be written.
   */
  static async open(options: BufferOptions): Promise<RollingBuffer> {
    const claim = await BufferClaim.take(options.folder);
    try {
      const buffer = new RollingBuffer(options, claim, await takeLeftover(options.folder, options.log));
      await buffer.#begin();
      return buffer;
    } catch (error) {
      await claim[Symbol.asyncDispose]();
      throw error;
    }
  }

  get state(): BufferState {
    const all = this.#segments();
    return {
      rows: all.reduce((sum, { rows }) => sum + rows, 0),
      segments: all.length,
      oldestNs: all[0]?.firstNs ?? null,
      newestNs: all.at(-1)?.lastNs ?? null,
    };
  }

  /** describe: what the recording says of itself from now on. */
  async describe(facts: SegmentFacts): Promise<void> {
    this.#facts = facts;
    await this.#live?.describe(facts);
  }

  /** addEvent: JSON of an event of the recording; it is kept as long as the rows of that time. */
  async addEvent(event: string): Promise<void> {
    if (this.#live === null) this.#events.push(event);
    else await this.#live.addEvent(event);
  }

  /**
   * append: one row; `labels` are those that every series gets. Returns the part of the counters that fell since the
   * row before. Throws REZ_ERR_RECORDING_WRITE where the row is not in the buffer.
   */
  async append(snapshot: Snapshot, labels: Labels): Promise<number> {
    const live = this.#live ?? (await this.#begin());
    const { segmentRows } = this.#options;
    try {
      await live.append(snapshot, labels);
    } catch (error) {
      await this.#sealing;
      if (!(await this.#giveUpOldest(error))) this.#options.log.warn({}, sentence(error));
      // The row is in memory, and the segment has reserved the space that it takes to become a file.
      this.#seal(live);
      await this.#sealing;
      return live.decreased;
    }
    if (live.rows >= segmentRows) {
      await this.#sealing;
      this.#seal(live);
    } else if (2 * live.rows >= segmentRows) {
      this.#spare ??= this.#create().catch(() => null);
    }
    await this.#evict(snapshot.systemTimeNs);
    return live.decreased;
  }

  /** Makes the live segment a file and gives the folder back; the buffer stays in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sealing;
    const live = this.#live;
    if (live !== null && live.rows > 0) {
      this.#seal(live);
      await this.#sealing;
    } else {
      await live?.close();
    }
    await (await this.#spare)?.close();
    await this.#claim[Symbol.asyncDispose]();
  }

  #segments(): readonly Segment[] {
    return [...this.#sealed, this.#ending, this.#live].filter(
      (segment): segment is Segment => segment !== null && segment.rows > 0,
    );
  }

  async #begin(): Promise<LiveSegment> {
    const spare = await this.#spare;
    this.#spare = null;
    for (let live = spare; ; ) {
      try {
        live ??= await this.#create();
        this.#live = live;
        await live.describe(this.#facts);
        for (const event of this.#events.splice(0)) await live.addEvent(event);
        return live;
      } catch (error) {
        if (!(await this.#giveUpOldest(error))) throw error;
      }
    }
  }

  #create(): Promise<LiveSegment> {
    const { folder, createdBy } = this.#options;
    const sequence = ++this.#sequence;
    return LiveSegment.create(sequence, segmentPath(folder, sequence), createdBy);
  }

  /** seal: begins to make the live segment a file; rows go on in another one. */
  #seal(live: LiveSegment): void {
    this.#live = null;
    this.#ending = live;
    this.#sealing = this.#becomeFile(live).finally(() => {
      this.#ending = null;
    });
  }

  async #becomeFile(live: LiveSegment): Promise<void> {
    for (;;) {
      try {
        this.#sealed.push(await live.finish());
        return;
      } catch (error) {
        if (await this.#giveUpOldest(error)) continue;
        const { rows } = live;
        this.#options.log.error({ rows }, `a segment of the buffer is lost: ${sentence(error)}`);
        await live.close();
        await remove(journalOf(live.path));
        return;
      }
    }
  }

  /** evict: removes segments that are too old, or more than the duration holds: clocks may be set back. */
  async #evict(newestNs: bigint): Promise<void> {
    const { durationMs, intervalMs } = this.#options;
    const enough = Math.ceil(durationMs / intervalMs) + 1;
    let { rows } = this.state;
    for (let oldest = this.#sealed[0]; oldest !== undefined; oldest = this.#sealed[0]) {
      rows -= oldest.rows;
      if (oldest.lastNs >= newestNs - this.#durationNs && rows < enough) return;
      this.#sealed.shift();
      await remove(oldest.path);
    }
  }

  /** giveUpOldest: makes room after an error of the file system; false where that is not possible. */
  async #giveUpOldest(error: unknown): Promise<boolean> {
    if (!(error instanceof RezolusError) || error.code !== 'REZ_ERR_RECORDING_WRITE') throw error;
    const oldest = this.#sealed.shift();
    if (oldest === undefined) return false;
    this.#options.log.warn({ rows: oldest.rows }, `the oldest segment is given up: ${sentence(error)}`);
    await remove(oldest.path);
    return true;
  }
}

/** remove: what cannot be removed is found by the next process. */
async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => {});
}
