import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RezolusError, sentence } from '@rezolus/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Loaded, routes } from '../contract.ts';
import { clientSignal } from './abort.ts';
import { ApiError, badData } from './errors.ts';
import { captureOf, type Library, maxCaptures, type NamedSource } from './library.ts';
import type { AllowList } from './open/allow-list.ts';
import { fetchFile, saveStream } from './open/fetch-file.ts';
import { openUpload } from './open/open.ts';
import { requestParams } from './prometheus/params.ts';

/** LoadingOptions: what users may load. */
export interface LoadingOptions {
  /** The largest file, bytes. */
  readonly maxBytes: number;
  readonly allowed: AllowList;
}

/** Uploads and downloads that go on at a time. */
const maxLoading = 4;
const loadTimeoutMs = 600_000;

/** loadingRoutes: adds the routes that list, load and remove captures, as the contract describes them. */
export function loadingRoutes(app: FastifyInstance, library: Library, options: LoadingOptions): void {
  const { maxBytes, allowed } = options;
  const loaded = (): Loaded => ({
    captures: library.captures.map(captureOf),
    loading: { maxBytes, maxCaptures, urls: !allowed.isEmpty },
  });
  let running = 0;

  /** load: opens what `save` puts into a temporary file and adds it to the library. */
  async function load(name: string, save: (path: string) => Promise<void>): Promise<Loaded> {
    if (library.captures.length >= maxCaptures) {
      throw new ApiError(409, 'bad_data', `${maxCaptures} captures are loaded; remove one first`);
    }
    if (running >= maxLoading) throw new ApiError(503, 'timeout', 'other files are being loaded; try again');
    running++;
    try {
      const folder = await mkdtemp(join(tmpdir(), 'rezolus-view-'));
      const path = join(folder, 'upload');
      try {
        await save(path);
      } catch (error) {
        await rm(folder, { recursive: true, force: true });
        throw error;
      }
      await addAll(library, await openUpload(path, name, folder));
      return loaded();
    } catch (error) {
      // What is wrong with a file of theirs is for the user to know, and no fault of the server.
      if (error instanceof RezolusError) throw badData(`${name} could not be loaded: ${sentence(error)}`);
      throw error;
    } finally {
      running--;
    }
  }

  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
  app.get(routes.captures, loaded);
  app.post(routes.captures, async (request, reply) => {
    reply.code(201);
    const params = requestParams(request);
    const url = params.get('url');
    if (url === null) return load(nameOf(params.get('name') ?? ''), (path) => upload(request, reply, path));
    const target = URL.parse(url);
    if (target === null || !/^https?:$/.test(target.protocol)) throw badData('that is no http or https URL');
    const signal = clientSignal(reply, loadTimeoutMs);
    return load(nameOf(target.pathname), (path) => fetchFile(target, path, { allowed, maxBytes, signal }));
  });
  app.delete<{ Params: { id: string } }>(routes.capture, async ({ params: { id } }) => {
    await library.remove(id);
    return loaded();
  });

  async function upload(request: FastifyRequest, reply: FastifyReply, path: string): Promise<void> {
    const { body } = request;
    if (!isStream(body)) throw badData('the bytes of a file are needed, as application/octet-stream');
    try {
      await saveStream(body, path, { maxBytes, length: request.headers['content-length'] });
    } catch (error) {
      // The rest of the file is of no use to anybody.
      reply.header('connection', 'close');
      throw error;
    }
  }
}

function isStream(body: unknown): body is NodeJS.ReadableStream {
  return typeof body === 'object' && body !== null && 'pipe' in body;
}

/** addAll: all of them, or none. */
async function addAll(library: Library, sources: readonly NamedSource[]): Promise<void> {
  const rest = [...sources];
  const added: string[] = [];
  try {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      try {
        added.push(library.add(next).id);
      } catch (error) {
        rest.push(next);
        throw error;
      }
    }
  } catch (error) {
    await Promise.all(rest.map(({ source }) => source.close()));
    await Promise.all(added.map((id) => library.remove(id)));
    throw error;
  }
}

/** nameOf: a file name for people, without folders and control characters. */
function nameOf(text: string): string {
  const name = text
    .split(/[/\\]/)
    .at(-1)!
    .replace(/\p{Cc}/gu, ' ')
    .trim();
  return name.slice(0, 200) || 'upload';
}
