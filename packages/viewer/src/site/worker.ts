import { blobSource, openRecordingSource, recordingSource } from '@rezolus/recording/reader';
import { decompress } from 'fzstd';
import { type Loaded, routes, type Section } from '../contract.ts';
import { chosen, rangeRequest, sectionFor, shiftsFor, summariesFor } from '../server/answers.ts';
import { ApiError, badData, toApiError } from '../server/errors.ts';
import { parseJson } from '../server/json.ts';
import { captureOf, Library, maxCaptures } from '../server/library.ts';
import { answers, labelValues } from '../server/prometheus/answers.ts';
import { orderSections } from '../server/sections/order.ts';
import type { SiteReply, SiteRequest } from './protocol.ts';

// The viewer without a server: the same library and engine, over files that never leave the browser.

const documents = Object.values(
  import.meta.glob<Section>('../../dashboards/*.json', { eager: true, import: 'default' }),
);
const library = new Library(orderSections(documents));
const running = new Map<number, AbortController>();

/** Browsers hand out large files piece by piece; what limits us is memory for what is decoded. */
const maxBytes = 2 ** 31;

const loaded = (): Loaded => ({
  captures: library.captures.map(captureOf),
  loading: { maxBytes, maxCaptures, urls: false },
});

async function load(file: Blob, name: string): Promise<Loaded> {
  const magic = await file.slice(0, 4).text();
  if (magic !== 'PAR1') {
    throw badData(
      `${name} is no Parquet file; \`rezolus recording convert\` makes one of .rez and raw files`,
    );
  }
  const recording = await openRecordingSource(blobSource(file), (bytes, size) =>
    decompress(bytes, new Uint8Array(size)),
  );
  library.add({
    source: {
      kind: 'file',
      name,
      source: recordingSource(recording),
      metadata: Object.fromEntries(recording.metadata),
      systeminfo: parseJson(recording.metadata.get('systeminfo')),
      close: () => recording.close(),
    },
  });
  return loaded();
}

async function answer(
  { method, path, params: entries, body }: Exclude<SiteRequest, number>,
  signal: AbortSignal,
): Promise<unknown> {
  const params = new URLSearchParams(entries.map(([name, value]): [string, string] => [name, value]));
  const id = (route: string) => {
    const prefix = route.slice(0, route.indexOf(':'));
    return path.startsWith(prefix) ? decodeURIComponent(path.slice(prefix.length)) : null;
  };
  if (path === routes.captures && method === 'POST') {
    return load(body ?? new Blob(), params.get('name') ?? 'recording');
  }
  const capture = id(routes.capture);
  if (capture !== null && method === 'DELETE') {
    await library.remove(capture);
    return loaded();
  }
  if (path === routes.captures) return loaded();
  if (path === routes.sections) return summariesFor(library, params);
  const section = id(routes.section);
  if (section !== null) return sectionFor(library, section, params);
  if (path === routes.shifts) return shiftsFor(library, params, signal);
  if (path === routes.range) {
    const asked = chosen(library, params);
    return asked.queries.range(rangeRequest(params, asked), signal);
  }
  return answerPrometheus(path.replace('/api/v1/', ''), params, signal);
}

async function answerPrometheus(
  path: string,
  params: URLSearchParams,
  signal: AbortSignal,
): Promise<unknown> {
  const asked = { params, capture: chosen(library, params), signal };
  const [, label] = /^label\/([^/]+)\/values$/.exec(path) ?? [];
  if (label !== undefined) return labelValues(decodeURIComponent(label), asked);
  if (!Object.hasOwn(answers, path)) throw new ApiError(404, 'not_found', `no route ${path.slice(0, 200)}`);
  const found = await answers[path as keyof typeof answers](asked);
  return typeof found === 'string' ? JSON.parse(found) : found;
}

addEventListener('message', async ({ data }: MessageEvent<SiteRequest>) => {
  if (typeof data === 'number') {
    running.get(data)?.abort();
    return;
  }
  const { id } = data;
  const controller = new AbortController();
  running.set(id, controller);
  try {
    reply({ id, answer: await answer(data, controller.signal) });
  } catch (error) {
    const { errorType, message } = toApiError(error);
    reply({ id, error: { type: errorType, message } });
  } finally {
    running.delete(id);
  }
});

function reply(message: SiteReply): void {
  const transfer = 'answer' in message && message.answer instanceof Uint8Array ? [message.answer.buffer] : [];
  postMessage(message, { transfer: transfer as ArrayBuffer[] });
}
