import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freePort, Rezolus, TemporaryFolder } from '../support/rezolus.ts';

/** Manager: receives what services say, as systemd does; Node has no datagrams over unix sockets, perl has. */
class Manager implements Disposable {
  readonly socket: string;
  readonly #child: ChildProcess;
  #text = '';

  private constructor(socket: string, child: ChildProcess) {
    this.socket = socket;
    this.#child = child;
    child.stdout!.setEncoding('utf8').on('data', (text) => {
      this.#text += text;
    });
  }

  static async start(socket: string): Promise<Manager> {
    const script = `
      use Socket; $| = 1;
      my $path = $ARGV[0]; $path =~ s/^@/\\0/;
      socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; bind($s, pack('S a*', AF_UNIX, $path)) or die "$!";
      print "bound\\n";
      while (defined recv($s, my $text, 4096, 0)) { $text =~ s/\\n/ /g; print "$text\\n"; }`;
    const child = spawn('perl', ['-e', script, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    const manager = new Manager(socket, child);
    await manager.told(/bound/);
    return manager;
  }

  /** told: waits until what was said so far matches, and forgets it. */
  async told(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#text)) await once(this.#child.stdout!, 'data');
    this.#text = '';
  }

  [Symbol.dispose](): void {
    this.#child.kill();
  }
}

const service = (manager: Manager) => ({ NOTIFY_SOCKET: manager.socket, WATCHDOG_USEC: '200000' });

async function stop(run: Rezolus, manager: Manager): Promise<void> {
  run.child.kill('SIGTERM');
  await manager.told(/STOPPING=1/);
  if (run.child.exitCode === null) await once(run.child, 'exit');
  expect(run.child.exitCode).toBe(0);
}

it('agent, exporter and hindsight tell the service manager how they are', async () => {
  using folder = new TemporaryFolder();
  using manager = await Manager.start(join(folder.path, 'notify'));
  const socket = join(folder.path, 'agent.sock');
  const config = folder.file(
    'agent.toml',
    `[general]\nlisten = "unix:${socket}"\n[defaults]\nenabled = false\n`,
  );
  await using agent = new Rezolus(['agent', config], service(manager));
  await manager.told(/READY=1[\s\S]*WATCHDOG=1/);
  agent.child.kill('SIGHUP');
  await manager.told(/RELOADING=1 MONOTONIC_USEC=\d+[\s\S]*READY=1/);

  const port = await freePort();
  const general = `[general]\nlisten = "127.0.0.1:${port}"\nsource = "unix:${socket}"\n`;
  await using exporter = new Rezolus(['exporter', folder.file('exporter.toml', general)], service(manager));
  await manager.told(/READY=1/);
  await stop(exporter, manager);

  using abstract = await Manager.start(`@rezolus-test-${process.pid}`);
  const output = join(folder.path, 'dump.parquet');
  const buffer = folder.file(
    'hindsight.toml',
    `[general]\nsource = "unix:${socket}"\noutput = "${output}"\n`,
  );
  await using hindsight = new Rezolus(['hindsight', buffer], service(abstract));
  await abstract.told(/READY=1[\s\S]*WATCHDOG=1/);
  await hindsight.printed(/the agent answers/);
  await stop(hindsight, abstract);
  await stop(agent, manager);
});

it('writes no secret into a log, however much it logs', async () => {
  using folder = new TemporaryFolder();
  const secrets = { password: 'Tr0ub4dor-and-3', token: 'tok-5f2a-open-sesame', wrong: 'hunter2-was-wrong' };
  const hash = execFileSync(
    'perl',
    ['-e', 'print crypt($ARGV[0], q($2b$04$CCCCCCCCCCCCCCCCCCCCC.))', secrets.password],
    {
      encoding: 'utf8',
    },
  );
  const tokenHash = createHash('sha256').update(secrets.token).digest('hex');
  const openssl = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', [...openssl, ...names, '-keyout', 'key.pem', '-out', 'cert.pem'], {
    cwd: folder.path,
    stdio: 'pipe',
  });
  const key = readFileSync(join(folder.path, 'key.pem'), 'utf8').split('\n')[1]!;
  const web = folder.file(
    'web.yml',
    `tls_server_config: { cert_file: cert.pem, key_file: key.pem }
basic_auth_users: { alice: "${hash}" }
bearer_tokens: { ci: ${tokenHash} }
`,
  );
  const port = await freePort();
  const config = folder.file(
    'agent.toml',
    `[general]\nlisten = "127.0.0.1:${port}"\nweb_config_file = "${web}"\n[log]\nlevel = "trace"\n[defaults]\nenabled = false\n`,
  );
  await using agent = new Rezolus(['agent', config]);
  await agent.printed(/"address":"https:/);

  const url = `https://127.0.0.1:${port}`;
  const clients = [
    ['right', `basic_auth: { username: alice, password: "${secrets.password}" }`, 0],
    ['bearer', `authorization: { credentials: "${secrets.token}" }`, 0],
    ['wrong', `basic_auth: { username: alice, password: "${secrets.wrong}" }`, 1],
    ['broken', `basic_auth: { username: alice, password: [${secrets.wrong}`, 1],
  ] as const;
  let printed = '';
  for (const [name, text, code] of clients) {
    const file = folder.file(`${name}.yml`, `${text}\ntls_config: { ca_file: cert.pem }\n`);
    await using status = new Rezolus(['status', url, '--http-config', file]);
    if (status.child.exitCode === null) await once(status.child, 'close');
    expect([name, status.child.exitCode]).toEqual([name, code]);
    printed += status.stdout + status.stderr;
  }
  await using inUrl = new Rezolus(['status', `https://alice:${secrets.password}@127.0.0.1:${port}`]);
  await once(inUrl.child, 'close');
  printed += inUrl.stdout + inUrl.stderr;
  folder.file('web.yml', `basic_auth_users: { alice: "${secrets.wrong}" }`);
  await using other = new Rezolus(['status', url, '--http-config', join(folder.path, 'right.yml')]);
  await agent.printed(/stays as it was/);
  printed += other.stderr + agent.stdout + agent.stderr;
  expect(printed).toContain('REZ_ERR_ENDPOINT_DENIED');
  for (const secret of [...Object.values(secrets), hash, tokenHash, key])
    expect(printed).not.toContain(secret);
});
