import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Column, Series, Source } from '@rezolus/query';
import { openRecording, outputOf, type Recording, recordingSource } from '@rezolus/recording';
import { assembleLive, runningFolder } from '@rezolus/recording/segments';
import { parseJson } from '../json.ts';
import type { LiveFeed, ViewerSource } from '../source.ts';

/** Reading anew takes at most this share of the time. */
const share = 0.05;
const attempts = 10;

/** Opened: a reading of the recording, and the source over it. */
interface Opened {
  readonly recording: Recording;
  readonly source: Source;
}

/**
 * growingSource: the recording that a recorder is writing into `folder`, read anew as it grows: whole row groups are
 * copied to a temporary file that has no name, so the recorder never notices. It becomes a `file` when the recorder has
 * finished, and `live.connected` is false where the recorder ended without. Throws what the file system says, and
 * REZ_ERR_RECORDING_FORMAT.
 */
export async function growingSource(folder: string): Promise<ViewerSource> {
  const source = new GrowingSource(folder);
  await source.start();
  return source;
}

class GrowingSource implements ViewerSource, LiveFeed, Source {
  kind: 'live' | 'file' = 'live';
  connected = true;
  generation = 0;
  readonly live: LiveFeed = this;
  readonly source: Source = this;
  readonly name: string;
  readonly #folder: string;
  readonly #listeners = new Set<() => void>();
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #now!: Opened;
  /** Queries that began before the last reading may still use it. */
  #before: Opened | null = null;

  constructor(folder: string) {
    this.#folder = folder;
    this.name = basename(outputOf(folder));
  }

  get metadata(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#now.recording.metadata);
  }

  get systeminfo(): unknown {
    return parseJson(this.#now.recording.metadata.get('systeminfo'));
  }

  get intervalMs(): number {
    return this.#now.source.intervalMs;
  }

  get startMs(): number {
    return this.#now.source.startMs;
  }

  get endMs(): number {
    return this.#now.source.endMs;
  }

  series(): readonly Series[] {
    return this.#now.source.series();
  }

  load(ids: readonly number[], startMs: number, endMs: number, signal?: AbortSignal): Promise<Column[]> {
    return this.#now.source.load(ids, startMs, endMs, signal);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async start(): Promise<void> {
    const began = performance.now();
    this.#now = await this.#read();
    this.#running = this.#run(performance.now() - began);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await Promise.all([this.#before?.recording.close(), this.#now.recording.close()]);
  }

  async #run(firstCostMs: number): Promise<void> {
    const { signal } = this.#stop;
    let costMs = firstCostMs;
    while (this.kind === 'live' && this.connected) {
      const pause = Math.max(1000, this.intervalMs, costMs / share);
      await wait(pause, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      const began = performance.now();
      await this.#refresh();
      costMs = performance.now() - began;
    }
  }

  async #refresh(): Promise<void> {
    const running = (await runningFolder(this.#folder)) !== null;
    const finished = !running && (await stat(outputOf(this.#folder)).catch(() => null)) !== null;
    try {
      const next = finished
        ? open(await openRecording(outputOf(this.#folder)))
        : running
          ? await this.#read()
          : null;
      if (next !== null) await this.#replace(next);
    } catch {
      // A reading that failed is followed by another one.
      if (running) return;
    }
    if (finished) this.kind = 'file';
    else this.connected = running;
    for (const listener of this.#listeners) listener();
  }

  async #replace(next: Opened): Promise<void> {
    await this.#before?.recording.close();
    this.#before = this.#now;
    this.#now = next;
    if (next.source.series().length !== this.#before.source.series().length) this.generation++;
  }

  /** A row group that is stored meanwhile moves what was being looked for. */
  async #read(): Promise<Opened> {
    const folder = await mkdtemp(join(tmpdir(), 'rezolus-view-'));
    try {
      const file = join(folder, 'growing.parquet');
      for (let attempt = 1; ; attempt++) {
        try {
          await assembleLive(this.#folder, file, { temporary: true });
          break;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === attempts) throw error;
        }
      }
      return open(await openRecording(file));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

function open(recording: Recording): Opened {
  return { recording, source: recordingSource(recording) };
}
