import type { Engine } from '@rezolus/query';
import { type Capture, firstCapture, type Section } from '../contract.ts';
import { ApiError } from './errors.ts';
import { engineQueries, type Queries, queryEngine } from './queries.ts';
import { SectionView } from './sections/section-view.ts';
import type { ViewerSource } from './source.ts';

/** maxCaptures: the most captures that are loaded at a time. */
export const maxCaptures = 8;

/** NamedSource: a source and the short name that it shall have; without one its own name makes one. */
export interface NamedSource {
  readonly source: ViewerSource;
  readonly alias?: string | undefined;
}

/** OpenCapture: a loaded capture and what answers for it. */
export interface OpenCapture {
  readonly id: string;
  readonly alias: string;
  readonly source: ViewerSource;
  readonly engine: Engine;
  readonly queries: Queries;
  readonly sections: SectionView;
}

/** Library: the captures that a viewer shows, in order. It owns their sources. Needs nothing of Node. */
export class Library {
  /** The sections, as their documents have them. */
  readonly documents: readonly Section[];
  #captures: readonly OpenCapture[] = [];
  #next = Number(firstCapture);

  constructor(documents: readonly Section[]) {
    this.documents = documents;
  }

  get captures(): readonly OpenCapture[] {
    return this.#captures;
  }

  /** get: the capture of that id, the first one for null. Throws ApiError 404. */
  get(id: string | null): OpenCapture {
    const found = id === null ? this.#captures[0] : this.#captures.find((capture) => capture.id === id);
    if (found !== undefined) return found;
    throw new ApiError(404, 'not_found', id === null ? 'nothing is loaded' : 'there is no such capture');
  }

  /** add: one more capture. Throws ApiError 409 where there are {@link maxCaptures}; the source stays the caller's. */
  add({ source, alias }: NamedSource): OpenCapture {
    if (this.#captures.length >= maxCaptures) {
      throw new ApiError(409, 'bad_data', `${maxCaptures} captures are loaded; remove one first`);
    }
    const engine = queryEngine(source.source, source.kind);
    const capture = {
      id: String(this.#next++),
      alias: this.#unique(aliasOf(alias ?? source.name)),
      source,
      engine,
      queries: source.queries ?? engineQueries(engine),
      sections: new SectionView(this.documents, engine, source.source),
    };
    this.#captures = [...this.#captures, capture];
    return capture;
  }

  /** remove: closes a capture and forgets it. Throws ApiError 404. */
  async remove(id: string): Promise<void> {
    const capture = this.get(id);
    this.#captures = this.#captures.filter((one) => one !== capture);
    await capture.source.close();
  }

  /** close: closes all captures. */
  async close(): Promise<void> {
    await Promise.all(this.#captures.map(({ source }) => source.close()));
    this.#captures = [];
  }

  #unique(alias: string): string {
    const taken = new Set(this.#captures.map((capture) => capture.alias));
    let unique = alias;
    for (let i = 2; taken.has(unique); i++) unique = `${alias} ${i}`;
    return unique;
  }
}

/** aliasOf: a short name from a file name or URL. */
function aliasOf(name: string): string {
  const short = name.replace(/^https?:\/\//, '').replace(/\.(parquet|rez|raw|zst)(?=$|\.)/g, '');
  return short.length > 40 ? `${short.slice(0, 39)}…` : short || 'capture';
}

/** Keys of a recording's metadata that are large or sent on their own. */
const leftOut = new Set(['ARROW:schema', 'descriptions', 'systeminfo']);

/** captureOf: what a capture holds now, for the captures route. */
export function captureOf({ id, alias, source: viewed, engine }: OpenCapture): Capture {
  const { kind, name, source, metadata, systeminfo } = viewed;
  return {
    id,
    alias,
    kind,
    name,
    startMs: source.startMs,
    endMs: source.endMs,
    intervalMs: source.intervalMs,
    series: source.series().length,
    nodes: nodesOf(viewed, engine),
    metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => !leftOut.has(key))),
    systeminfo,
  };
}

/** nodesOf: the machines among the series of a source: those of a combined recording differ in the label `node`. */
function nodesOf({ nodes }: ViewerSource, engine: Engine): Capture['nodes'] {
  if (nodes !== undefined) return nodes;
  const values = engine.labelValues('node');
  return values.length > 1 ? { label: 'node', values } : null;
}
