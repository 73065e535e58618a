import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FrontDoor } from '../../src/http/index.ts';
import { type Logger, parseListen, silentLogger } from '../../src/index.ts';

const run = promisify(execFile);

/** Made by the crypt(3) of glibc systems: `perl -e 'print crypt("correct horse", "\$2y\$05\$abcdefghijklmnopqrstuu")'`. */
export const horse = {
  password: 'correct horse',
  hash: '$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2',
};

/** Folder: a temporary folder with certificates made by openssl. */
export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'rezolus-door-'));

  file(name: string, text: string, mode = 0o600): string {
    const path = join(this.path, name);
    writeFileSync(path, text, { mode });
    return path;
  }

  /** certificate: `name.crt` and `name.key`, signed by `ca.crt`, which is made when it is not there. */
  certificate(name: string, san: string): void {
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const openssl = (...args: string[]) =>
      execFileSync('openssl', args, { cwd: this.path, stdio: 'pipe', env: { ...process.env, RANDFILE: '' } });
    try {
      openssl('x509', '-in', 'ca.crt', '-noout');
    } catch {
      openssl('req', '-x509', ...ec, '-subj', '/CN=test CA', '-keyout', 'ca.key', '-out', 'ca.crt');
    }
    const signed = name.startsWith('self') ? [] : ['-CA', 'ca.crt', '-CAkey', 'ca.key'];
    const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${san}`];
    openssl('req', '-x509', ...ec, ...signed, ...names, '-keyout', `${name}.key`, '-out', `${name}.crt`);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Opened: a listening server behind a door. */
export interface Opened extends AsyncDisposable {
  readonly address: string;
  readonly handled: () => number;
}

/** openDoor: a server that answers `hello` to those who come in. */
export async function openDoor(webConfigFile = '', listen = '127.0.0.1:0', log: Logger = silentLogger) {
  const door = await FrontDoor.open({ webConfigFile, log, maxConnections: 64, idleMs: 10_000 });
  let handled = 0;
  const handler: RequestListener = (request, response) => {
    handled++;
    response.end(`hello from ${request.url}`);
  };
  const server = door.serverFactory(handler);
  const app = {
    server,
    async listen(options: object) {
      server.listen(options);
      await once(server, 'listening');
      return '';
    },
  };
  const address = await door.listen(app, parseListen(listen)!);
  const opened: Opened = {
    address,
    handled: () => handled,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return opened;
}

/** Curl: a status, 0 where there is no answer. */
export interface Curl {
  readonly status: number;
  readonly body: string;
}

/** curl: how the outside oracle fares. */
export async function curl(...args: string[]): Promise<Curl> {
  try {
    const { stdout } = await run('curl', ['-sS', '-m', '10', '-w', '\n%{http_code}', ...args]);
    const split = stdout.lastIndexOf('\n');
    return { status: Number(stdout.slice(split + 1)), body: stdout.slice(0, split) };
  } catch {
    return { status: 0, body: '' };
  }
}
