import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { ApiError } from './errors.ts';

/** builtAppDir: where `npm run build:viewer` puts the app. */
export const builtAppDir = fileURLToPath(new URL('../../dist/app/', import.meta.url));

const notBuilt = `The viewer's app is not built, so there is nothing to show here yet.

  npm run build:viewer

builds it; then start the viewer again. The HTTP API under /api/ works without it.
`;

/**
 * serveApp: serves the built app from `dir`. The files are listed once, each gets a route of its own, and no path of a
 * request ever reaches the file system. Files of `assets/` have a hash in their name and never change.
 */
export async function serveApp(app: FastifyInstance, dir: string): Promise<void> {
  const built = existsSync(join(dir, 'index.html'));
  if (built) {
    await app.register(fastifyStatic, {
      root: dir,
      wildcard: false,
      index: false,
      cacheControl: false,
      setHeaders(reply, path) {
        const hashed = path.startsWith(join(dir, 'assets'));
        reply.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
  }
  app.get('/', (_request, reply) =>
    built ? reply.sendFile('index.html') : reply.code(503).type('text/plain; charset=utf-8').send(notBuilt),
  );
  app.setNotFoundHandler((request) => {
    throw new ApiError(404, 'not_found', `no route ${request.method} ${request.url.slice(0, 200)}`);
  });
}
