import { type Capture, type LiveEvent, type Loaded, routes } from '../../contract.ts';
import { getJson, send, url } from '../lib/api.ts';

/** Captures: what the viewer has loaded, and the loading of more. */
class Captures {
  all = $state.raw<readonly Capture[]>([]);
  rules = $state.raw<Loaded['loading'] | null>(null);
  /** What is being loaded and how much of it is there, 0..1; null where that is not known. */
  progress = $state.raw<{ readonly name: string; readonly share: number | null } | null>(null);
  error = $state('');
  /** Captures whose source does not answer, and whether the viewer itself does. */
  lost = $state.raw<ReadonlySet<string>>(new Set());
  silent = $state(false);
  readonly #generations = new Map<string, number>();
  readonly #streams = new Map<string, EventSource>();
  #changed: (id: string) => void = () => {};
  #abort: AbortController | null = null;

  /** start gets the list and follows what grows; `changed` hears of each capture that did. Throws RequestError. */
  async start(changed: (id: string) => void): Promise<void> {
    this.#changed = changed;
    this.#take(await getJson<Loaded>(routes.captures));
  }

  /** upload adds the recordings in files; what is wrong with one is in {@link error}. */
  async upload(files: Iterable<File>): Promise<void> {
    for (const file of files) {
      const limit = this.rules?.maxBytes ?? 0;
      if (file.size > limit) {
        this.error = `${file.name} is larger than ${Math.round(limit / 2 ** 20)} MiB.`;
        return;
      }
      await this.#load(file.name, { name: file.name }, file);
      if (this.error !== '') return;
    }
  }

  /** loadUrl has the server fetch a recording. */
  loadUrl(address: string): Promise<void> {
    return this.#load(address, { url: address });
  }

  /** cancel gives up what is being loaded. */
  cancel(): void {
    this.#abort?.abort();
  }

  /** remove lets a capture go. */
  async remove(id: string): Promise<void> {
    this.error = '';
    try {
      this.#take(await send<Loaded>('DELETE', routes.capture.replace(':id', id), {}));
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
  }

  async #load(name: string, params: Record<string, string>, body?: Blob): Promise<void> {
    if (this.progress !== null) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.error = '';
    this.progress = { name, share: body ? 0 : null };
    try {
      const progress = (share: number) => {
        this.progress = { name, share: share < 1 ? share : null };
      };
      this.#take(
        await send<Loaded>('POST', routes.captures, params, { body, progress, signal: abort.signal }),
      );
    } catch (error) {
      if (!abort.signal.aborted) this.error = error instanceof Error ? error.message : String(error);
    } finally {
      this.progress = null;
    }
  }

  #take({ captures, loading }: Loaded): void {
    this.all = captures;
    this.rules = loading;
    for (const [id, stream] of this.#streams) {
      if (captures.some((capture) => capture.id === id)) continue;
      stream.close();
      this.#streams.delete(id);
    }
    for (const { id, kind } of captures) if (kind !== 'file' && !this.#streams.has(id)) this.#follow(id);
  }

  /** refresh: what a source says of itself, and which machines it has, may be known only now. */
  async #refresh(id: string, generation: number): Promise<void> {
    const isFirst = !this.#generations.has(id);
    this.#generations.set(id, generation);
    if (isFirst && (this.all.find((capture) => capture.id === id)?.series ?? 0) > 0) return;
    const loaded = await getJson<Loaded>(routes.captures).catch(() => null);
    if (loaded === null) return;
    this.#take(loaded);
    this.#changed(id);
  }

  #follow(id: string): void {
    const events = new EventSource(url(routes.live, { capture: id }));
    this.#streams.set(id, events);
    events.onerror = () => {
      this.silent = true;
    };
    events.onmessage = ({ data }) => {
      const { connected, generation, ...now } = JSON.parse(data) as LiveEvent;
      this.silent = false;
      if (connected === this.lost.has(id)) {
        const lost = new Set(this.lost);
        if (connected) lost.delete(id);
        else lost.add(id);
        this.lost = lost;
      }
      if (now.kind === 'file') events.close();
      if (generation !== this.#generations.get(id)) void this.#refresh(id, generation);
      const before = this.all.find((capture) => capture.id === id);
      if (before && before.startMs === now.startMs && before.endMs === now.endMs && before.kind === now.kind)
        return;
      this.all = this.all.map((capture) => (capture.id === id ? { ...capture, ...now } : capture));
      this.#changed(id);
    };
  }
}

/** captures: the captures of this page. */
export const captures = new Captures();
