import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  globSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { root, TemporaryFolder } from '../support/rezolus.ts';
import { Chroot, debianRoot } from './debian-root.ts';

/** The agent as its unit runs it: its user, two capabilities. */
const asUnit = [
  'setpriv --reuid rezolus --regid rezolus --clear-groups --no-new-privs',
  '--inh-caps -all,+bpf,+perfmon --ambient-caps -all,+bpf,+perfmon --bounding-set -all,+bpf,+perfmon',
].join(' ');

/** Every path of the system but for mounts and logs, and for the copies that dpkg and adduser make of their own files. */
const listFiles =
  "find / -xdev \\( -path /tmp -o -path /run -o -path /script -o -path /var/log \\) -prune -o -print | grep -vE '(-old|-)$' | sort";

let debian: Chroot | undefined;
let unavailable = '';
let before = '';
const built = (pattern: string) => globSync(join(root, 'build/packages', pattern))[0]!;
const deb = () => built('rezolus_*.deb');

beforeAll(() => {
  if (process.getuid!() !== 0) {
    unavailable = 'needs root';
    return;
  }
  try {
    debian = new Chroot(debianRoot());
  } catch (error) {
    unavailable = String(error);
    return;
  }
  execFileSync(process.execPath, ['scripts/package.ts'], { cwd: root, stdio: 'ignore' });
  before = debian.run(listFiles).output;
}, 900_000);

afterAll(() => debian?.[Symbol.dispose]());

/** Runs a script in the Debian and returns what it printed; fails with that where the script fails. */
function run(context: TestContext, script: string): string {
  if (debian === undefined) return context.skip(unavailable);
  const { status, output } = debian.run(script);
  expect(status, output).toBe(0);
  return output;
}

function install(context: TestContext, path: string, options = ''): string {
  if (debian === undefined) return context.skip(unavailable);
  copyFileSync(path, join(debian.path, 'rezolus.deb'));
  try {
    return run(context, `dpkg --install ${options} /rezolus.deb </dev/null`);
  } finally {
    rmSync(join(debian.path, 'rezolus.deb'));
  }
}

describe('the Debian package', () => {
  it('installs on a Debian 12 with what that has', (context) => {
    install(context, deb());
    const output = run(context, 'rezolus --version; getent passwd rezolus; readlink -f /usr/bin/rezolus');
    expect(output).toMatch(/^@rezolus\/cli\/\d/m);
    expect(output).toMatch(/^rezolus:.*:\/usr\/sbin\/nologin$/m);
    const enabled = run(context, 'ls /etc/systemd/system/multi-user.target.wants').split('\n');
    expect(enabled.filter((unit) => unit.startsWith('rezolus'))).toEqual([
      'rezolus-exporter.service',
      'rezolus.service',
    ]);
  });

  it('has what it needs to run, no tests, and at most 120 MiB', (context) => {
    if (debian === undefined) return context.skip(unavailable);
    const files = run(context, 'dpkg --listfiles rezolus').trim().split('\n');
    const sizes = files.map((path) => lstatSync(join(debian!.path, path))).filter((stat) => stat.isFile());
    expect(sizes.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(120 * 2 ** 20);
    const ours = files.filter((path) => !path.includes('/create-sampler/templates/'));
    expect(ours.filter((path) => /\/tests?\/|\.test\.|\.d\.ts$|\.map$/.test(path))).toEqual([]);
    const modules = '/usr/lib/rezolus/node_modules';
    const missing = files
      .filter((path) => path.startsWith(`${modules}/@rezolus/`) && path.endsWith('/package.json'))
      .flatMap((path) =>
        Object.keys(JSON.parse(readFileSync(join(debian!.path, path), 'utf8')).dependencies ?? {}),
      )
      .filter((name) => !files.includes(`${modules}/${name}/package.json`));
    expect(missing).toEqual([]);
  });

  it('measures and records with the privileges of its unit', (context) => {
    const output = run(
      context,
      `${asUnit} rezolus agent /etc/rezolus/agent.toml 2>/tmp/log &
      agent=$!
      until grep -q '"address":"http' /tmp/log; do kill -0 $agent || { cat /tmp/log; exit 1; }; done
      rezolus status http://127.0.0.1:4241 || true
      rezolus record --duration 5s http://127.0.0.1:4241 /var/tmp/five.parquet
      kill $agent; wait $agent`,
    );
    const [, healthy, failed] = /(\d+) healthy, .* (\d+) failed/.exec(output)!;
    expect(Number(healthy), output).toBeGreaterThan(10);
    expect(Number(failed), output).toBe(0);
    expect(output).toMatch(/recorded 5s into .* 6 rows, \d{3,} series, .*nothing dropped/);
    const file = join(debian!.path, 'var/tmp/five.parquet');
    const oracle = spawnSync(join(root, '.venv/bin/python'), [
      ...[
        '-c',
        'import sys, pyarrow.parquet as p; t = p.read_table(sys.argv[1]); print(t.num_rows, t.num_columns > 100)',
      ],
      file,
    ]);
    rmSync(file);
    if (oracle.error === undefined) expect(oracle.stdout.toString()).toBe('6 True\n');
  });

  it('keeps changed configuration when it is upgraded', (context) => {
    if (debian === undefined) return context.skip(unavailable);
    const etc = (name: string) => join(debian!.path, 'etc/rezolus', name);
    const text = (name: string) => readFileSync(etc(name), 'utf8');
    for (const name of ['agent.toml', 'exporter.toml']) writeFileSync(etc(name), `${text(name)}# by hand\n`);
    const folder = mkdtempSync(join(tmpdir(), 'rezolus-deb-'));
    try {
      execFileSync('dpkg-deb', ['--raw-extract', deb(), join(folder, 'next')]);
      const change = (path: string, edit: (text: string) => string) =>
        writeFileSync(join(folder, 'next', path), edit(readFileSync(join(folder, 'next', path), 'utf8')));
      change('DEBIAN/control', (control) => control.replace(/^Version: .*/m, '$&.1'));
      for (const name of ['agent.toml', 'hindsight.toml'])
        change(`etc/rezolus/${name}`, (old) => `${old}# next\n`);
      const next = join(folder, 'next.deb');
      execFileSync('dpkg-deb', ['-Znone', '--build', join(folder, 'next'), next], { stdio: 'ignore' });
      install(context, next, '--force-confold');
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(text('agent.toml')).toMatch(/# by hand\n$/);
    expect(text('agent.toml.dpkg-dist')).toMatch(/# next\n$/);
    expect(text('exporter.toml')).toMatch(/# by hand\n$/);
    expect(existsSync(etc('exporter.toml.dpkg-dist'))).toBe(false);
    expect(text('hindsight.toml')).toMatch(/# next\n$/);
  });

  it('has units with at most the exposure that was promised', (context) => {
    const units = { 'rezolus.service': 2, 'rezolus-exporter.service': 1.5, 'rezolus-hindsight.service': 1.5 };
    for (const [unit, most] of Object.entries(units)) {
      const output = run(
        context,
        `systemd-analyze security --offline=yes --no-pager /usr/lib/systemd/system/${unit}`,
      );
      const exposure = /Overall exposure level for \S+: (\d+\.\d+)/.exec(output);
      expect(exposure, output).not.toBeNull();
      expect(Number(exposure![1]), unit).toBeLessThanOrEqual(most);
    }
    run(context, `systemd-analyze verify --man=no ${Object.keys(units).join(' ')}`);
  });

  it('completes commands, flags and their values in bash', (context) => {
    const complete = (...words: string[]) =>
      run(
        context,
        `bash -c '. /usr/share/bash-completion/completions/rezolus
        COMP_WORDS=(rezolus ${words.map((word) => `"${word}"`).join(' ')}); COMP_CWORD=${words.length}; _rezolus
        echo "\${COMPREPLY[@]}"'`,
      ).trim();
    expect(complete('rec')).toBe('record recording');
    expect(complete('recording', 'com')).toBe('combine');
    expect(complete('record', '--du')).toBe('--duration');
    expect(complete('record', '--format', '')).toBe('parquet raw');
    expect(complete('view', '/etc/rezolus/h')).toBe('/etc/rezolus/hindsight.toml');
  });

  it('is removed with all but its configuration, and purged without a trace', (context) => {
    run(context, 'mkdir -p /var/lib/rezolus/hindsight; dpkg --remove rezolus');
    expect(run(context, 'ls /etc/rezolus; ls -d /usr/lib/rezolus || true')).toMatch(
      /^agent\.toml\n[\s\S]*cannot access '\/usr\/lib\/rezolus'/,
    );
    run(context, 'dpkg --purge rezolus; ! getent passwd rezolus');
    expect(run(context, listFiles).split('\n')).toEqual(before.split('\n'));
  });
});

describe('the RPM', () => {
  it('is installed and removed by rpm with a user, units and configuration', (context) => {
    if (debian === undefined) return context.skip(unavailable);
    const rpm = (...args: string[]) =>
      execFileSync('rpm', ['--root', debian!.path, '--dbpath', '/var/tmp/rpm', ...args], {
        encoding: 'utf8',
      });
    rpm('--install', '--nodeps', built('rezolus-*.rpm'));
    const output = run(context, 'rezolus --version; getent passwd rezolus; ls /usr/lib/systemd/system');
    expect(output).toMatch(/^@rezolus\/cli\/\d[\s\S]*^rezolus:[\s\S]*^rezolus-exporter\.service$/m);
    expect(rpm('--query', '--configfiles', 'rezolus').trim().split('\n')).toEqual(
      ['agent', 'exporter', 'hindsight'].map((name) => `/etc/rezolus/${name}.toml`),
    );
    expect(rpm('--verify', '--nodeps', 'rezolus')).toBe('');
    rpm('--erase', '--nodeps', 'rezolus');
    expect(run(context, `${listFiles} | grep rezolus || true`)).toBe('');
  });
});

describe('the OCI image', () => {
  it('has blobs that are what their names say, and measures with nothing but its layers', (context) => {
    if (debian === undefined) return context.skip(unavailable);
    using folder = new TemporaryFolder();
    execFileSync('tar', ['-xf', built('rezolus-*-oci.tar'), '-C', folder.path]);
    const blob = (digest: string) => join(folder.path, 'blobs', digest.replace(':', '/'));
    for (const name of readdirSync(join(folder.path, 'blobs/sha256')))
      expect(digestOf(readFileSync(blob(`sha256:${name}`)))).toBe(`sha256:${name}`);
    const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
    expect(json(join(folder.path, 'oci-layout'))).toEqual({ imageLayoutVersion: '1.0.0' });
    const manifest = json(blob(json(join(folder.path, 'index.json')).manifests[0].digest));
    const layers: string[] = manifest.layers.map(({ digest }: { digest: string }) => blob(digest));
    const { rootfs, config } = json(blob(manifest.config.digest));
    expect(layers.map((path) => digestOf(gunzipSync(readFileSync(path))))).toEqual(rootfs.diff_ids);

    using image = new Chroot(...layers);
    const { status, output } = image.around(
      `$inside ${[...config.Entrypoint, ...config.Cmd].join(' ')} 2>/var/tmp/log &
      until grep -q '"address":"http' /var/tmp/log; do kill -0 $!; done
      $inside rezolus status http://127.0.0.1:4241 || true
      kill $!`.replaceAll('/var/tmp/log', folder.file('log', '')),
    );
    expect(status, output).toBe(0);
    expect(output).toMatch(/\d\d healthy, .* 0 failed/);
  });
});

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
