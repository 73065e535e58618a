import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { root } from './rezolus.ts';

/** Packed: a package as a tarball. */
export interface Packed {
  readonly name: string;
  readonly version: string;
  readonly path: string;
}

/** packedPackages: our packages as they are published, made anew where a source has changed. */
export function packedPackages(): Packed[] {
  const paths = execFileSync(process.execPath, ['scripts/pack.ts'], { cwd: root, encoding: 'utf8' });
  return paths.trim().split('\n').map(describe);
}

function describe(path: string): Packed {
  return { ...manifestOf(path), path };
}

function manifestOf(tarball: string): { name: string; version: string } {
  return JSON.parse(
    execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { maxBuffer: 1 << 20 }).toString(),
  );
}

function npmConfig(key: string): string {
  return execFileSync('npm', ['config', 'get', key], { cwd: tmpdir(), encoding: 'utf8' }).trim();
}

/**
 * PackageRegistry: an npm registry for the scope `@rezolus`, so that npm finds our packages as if they were published.
 * Everything else npm fetches as always. `env` is what npm must be run with.
 */
export class PackageRegistry implements AsyncDisposable {
  readonly env: NodeJS.ProcessEnv;
  readonly #server: Server;
  readonly #cache: string;

  private constructor(server: Server) {
    this.#server = server;
    this.#cache = mkdtempSync(join(tmpdir(), 'rezolus-npm-'));
    // What others publish does not change and may come from the cache of the machine; what `npm create` has installed
    // before must not.
    const common = npmConfig('cache');
    mkdirSync(join(common, '_cacache'), { recursive: true });
    symlinkSync(join(common, '_cacache'), join(this.#cache, '_cacache'));
    const { port } = server.address() as AddressInfo;
    const theirs = npmConfig('userconfig');
    const userConfig = join(this.#cache, 'npmrc');
    const lines = existsSync(theirs) ? readFileSync(theirs, 'utf8') : '';
    writeFileSync(userConfig, `${lines}\n@rezolus:registry=http://127.0.0.1:${port}/\n`);
    this.env = {
      ...process.env,
      PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
      npm_config_userconfig: userConfig,
      npm_config_cache: this.#cache,
      npm_config_prefer_offline: 'true',
      npm_config_yes: 'true',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      npm_config_update_notifier: 'false',
    };
  }

  /** start: serves `packages`. */
  static async start(packages: readonly Packed[] = packedPackages()): Promise<PackageRegistry> {
    const server = createServer((request, response) => {
      response.setHeader('cache-control', 'no-store');
      const path = decodeURIComponent(request.url!).slice(1);
      const tarball = packages.find((one) => basename(one.path) === path);
      if (tarball !== undefined) return response.end(readFileSync(tarball.path));
      const found = packages.find(({ name }) => name === path);
      if (found === undefined) return response.writeHead(404).end();
      return response.end(JSON.stringify(packument(found, `http://${request.headers.host}/`)));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new PackageRegistry(server);
  }

  /** npm: runs npm in a folder to its end. */
  async npm(cwd: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
    const child = spawn('npm', args, { cwd, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { code: child.exitCode, output: out + err };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
    rmSync(this.#cache, { recursive: true, force: true });
  }
}

/** What a registry says of a package: https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md */
function packument({ name, version, path }: Packed, url: string): object {
  const integrity = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;
  const dist = { tarball: url + basename(path), integrity };
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifestOf(path), dist } },
  };
}
